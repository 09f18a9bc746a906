-- Valid, whole unique indexes: the table and its columns in alphabetical order.
SELECT t.relname::text,
    ARRAY(SELECT a.attname::text FROM pg_attribute a
          WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey) ORDER BY 1)
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = to_regnamespace('data_general')
  AND i.indisunique AND i.indisvalid AND i.indpred IS NULL;
