SELECT x.relname::text
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indisvalid AND x.relnamespace = to_regnamespace('data_general');
