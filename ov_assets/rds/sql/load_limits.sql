-- A load takes as long as it takes, whatever the role's default is; a lock that never comes is an error.
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '60s';
-- A day's rows are sorted and joined in memory, and nothing is compiled for the few of them.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;
