-- From the catalogue: information_schema hides the columns that the role has no right on.
SELECT t.relname::text, a.attname::text, format_type(a.atttypid, NULL),
    CASE WHEN a.atttypid = 'varchar'::regtype AND a.atttypmod > 0 THEN a.atttypmod - 4 END
FROM pg_attribute a
JOIN pg_class t ON t.oid = a.attrelid
WHERE t.relnamespace = to_regnamespace('data_general') AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped;
