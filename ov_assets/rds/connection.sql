-- name: session
SET TIME ZONE 'America/Bogota';

-- name: lock_held
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
      AND (classid::bigint << 32 | objid::bigint) = %(llave)s);

-- name: lock_limit
-- lock_timeout rules the wait, and not what the role allows a statement.
SELECT set_config('lock_timeout', %(limite)s, true), set_config('statement_timeout', '0', true);

-- name: lock_release
SELECT pg_advisory_unlock(%(llave)s);

-- name: lock_try
SELECT pg_try_advisory_lock(%(llave)s);

-- name: lock_wait
SELECT pg_advisory_lock(%(llave)s);
