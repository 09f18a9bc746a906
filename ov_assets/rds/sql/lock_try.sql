SELECT pg_try_advisory_lock(%(llave)s);
