SELECT t.relname::text, c.conname::text
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'c' AND c.convalidated AND t.relnamespace = to_regnamespace('data_general');
