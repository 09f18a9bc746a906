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
