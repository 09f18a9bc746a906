-- One company's loads compare and publish one after the other: a PQR whose Fecha moved stands in two days, and
-- the later of two loads has to see what the earlier one made of it.
SELECT pg_advisory_xact_lock(%(llave)s);
