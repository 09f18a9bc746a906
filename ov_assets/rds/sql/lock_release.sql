SELECT pg_advisory_unlock(%(llave)s);
