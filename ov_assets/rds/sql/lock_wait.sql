SELECT pg_advisory_lock(%(llave)s);
