-- An ALTER TABLE that waits stops everybody behind it: better to fail and try again later.
SET lock_timeout = '30s';
SET statement_timeout = 0;
