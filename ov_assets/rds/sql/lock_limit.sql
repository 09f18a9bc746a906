-- lock_timeout rules the wait, and not what the role allows a statement.
SELECT set_config('lock_timeout', %(limite)s, true), set_config('statement_timeout', '0', true);
