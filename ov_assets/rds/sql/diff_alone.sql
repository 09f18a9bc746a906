-- Only a temporary table is written, so that the end of the transaction need not wait for the disk; and a
-- partition's rows are found by index where the registry is still small, too.
SET LOCAL synchronous_commit = off;
SET LOCAL random_page_cost = 1.1
