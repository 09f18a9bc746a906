-- name: schema_checks
SELECT t.relname::text, c.conname::text
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'c' AND c.convalidated AND t.relnamespace = to_regnamespace('data_general');

-- name: schema_columns
-- From the catalogue: information_schema hides the columns that the role has no right on.
SELECT t.relname::text, a.attname::text, format_type(a.atttypid, NULL),
    CASE WHEN a.atttypid = 'varchar'::regtype AND a.atttypmod > 0 THEN a.atttypmod - 4 END
FROM pg_attribute a
JOIN pg_class t ON t.oid = a.attrelid
WHERE t.relnamespace = to_regnamespace('data_general') AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped;

-- name: schema_create
-- CREATE SCHEMA IF NOT EXISTS asks for the right to create even where the schema stands.
DO $$ BEGIN
    IF to_regnamespace('data_general') IS NULL THEN
        CREATE SCHEMA data_general;
    END IF;
END $$;

-- name: schema_encoding
SHOW server_encoding;

-- name: schema_functions
SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace('data_general');

-- name: schema_indexes
SELECT x.relname::text
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indisvalid AND x.relnamespace = to_regnamespace('data_general');

-- name: schema_keys
-- Valid, whole unique indexes: the table and its columns in alphabetical order.
SELECT t.relname::text,
    ARRAY(SELECT a.attname::text FROM pg_attribute a
          WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey) ORDER BY 1)
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = to_regnamespace('data_general')
  AND i.indisunique AND i.indisvalid AND i.indpred IS NULL;

-- name: schema_limits
-- An ALTER TABLE that waits stops everybody behind it: better to fail and try again later.
SET lock_timeout = '30s';
SET statement_timeout = 0;

-- name: schema_revision
SELECT version_num FROM data_general.alembic_version_ov;

-- name: server_grants
-- Read from the catalogue, which everybody may: a role without any grant gets an answer, too.
SELECT 'DATABASE', current_database()::text, 'TEMPORARY'
WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
UNION ALL
SELECT 'SCHEMA', nspname::text, 'USAGE'
FROM pg_namespace
WHERE nspname = 'data_general' AND NOT has_schema_privilege(oid, 'USAGE')
UNION ALL
SELECT 'TABLE', 'data_general.' || n.tabla, n.permiso
FROM unnest(%(tablas)s::text[], %(permisos)s::text[]) AS n (tabla, permiso)
JOIN pg_class t ON t.relname = n.tabla AND t.relnamespace = to_regnamespace('data_general')
WHERE NOT has_table_privilege(t.oid, n.permiso)
UNION ALL
-- An adopted table may number its rows by a sequence that is granted apart; an identity's never is (deptype i).
SELECT 'SEQUENCE', 'data_general.' || s.relname, 'USAGE'
FROM pg_class s
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
JOIN pg_class t ON t.oid = d.refobjid AND t.relname = ANY (%(tablas)s::text[])
WHERE t.relnamespace = to_regnamespace('data_general')
  AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') END
UNION ALL
SELECT 'FUNCTION', p.oid::regprocedure::text, 'EXECUTE'
FROM pg_proc p
WHERE p.pronamespace = to_regnamespace('data_general') AND p.proname = ANY (%(funciones)s::text[])
  AND NOT has_function_privilege(p.oid, 'EXECUTE');

-- name: server_time
SELECT clock_timestamp();
