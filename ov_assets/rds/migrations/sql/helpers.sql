-- name: helpers
-- What adopting a table in place needs. Session-local: gone when the connection closes.

-- Give every char(n) or varchar(n) among these columns the type text: nothing of a value can be cut off.
CREATE OR REPLACE FUNCTION pg_temp.ensanchar(tabla regclass, columnas text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    cambios text;
BEGIN
    SELECT string_agg(format('ALTER COLUMN %I TYPE text', attname), ', ') INTO cambios
    FROM pg_attribute
    WHERE attrelid = tabla AND attnum > 0 AND NOT attisdropped
      AND attname = ANY (columnas) AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype);
    IF cambios IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', tabla, cambios);
    END IF;
END $$;

-- Let every column but these be empty: a NOT NULL of somebody else's would refuse good rows.
-- A column with a default, an identity or a place in the primary key needs no help.
CREATE OR REPLACE FUNCTION pg_temp.permitir_nulos(tabla regclass, obligatorias text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    columna text;
BEGIN
    FOR columna IN
        SELECT attname
        FROM pg_attribute
        WHERE attrelid = tabla AND attnum > 0 AND NOT attisdropped AND attnotnull
          AND NOT atthasdef AND attidentity = '' AND attname <> ALL (obligatorias)
          AND NOT EXISTS (
              SELECT FROM pg_index WHERE indrelid = tabla AND indisprimary AND attnum = ANY (indkey))
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', tabla, columna);
    END LOOP;
END $$;

-- Drop whatever makes this column unique by itself, be it a constraint or a bare index.
CREATE OR REPLACE FUNCTION pg_temp.quitar_unique(tabla regclass, columna text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    indice record;
BEGIN
    FOR indice IN
        SELECT i.indexrelid::regclass AS nombre, c.conname
        FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = columna
        LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
        WHERE i.indrelid = tabla AND i.indisunique AND NOT i.indisprimary
          AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    LOOP
        IF indice.conname IS NULL THEN
            EXECUTE format('DROP INDEX %s', indice.nombre);
        ELSE
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tabla, indice.conname);
        END IF;
    END LOOP;
END $$;

-- Drop every CHECK that looks at this column.
CREATE OR REPLACE FUNCTION pg_temp.quitar_checks(tabla regclass, columna text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    restriccion text;
BEGIN
    FOR restriccion IN
        SELECT c.conname
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
        WHERE c.conrelid = tabla AND c.contype = 'c' AND a.attname = columna
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tabla, restriccion);
    END LOOP;
END $$;

-- Make these columns a key, unless something valid already does.
CREATE OR REPLACE FUNCTION pg_temp.poner_unique(tabla regclass, nombre text, columnas text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    lista text := (SELECT string_agg(quote_ident(columna), ', ') FROM unnest(columnas) AS columna);
    repetidas bigint;
BEGIN
    IF EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = tabla AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
          AND i.indnkeyatts = cardinality(columnas)
          AND ARRAY(
              SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = tabla AND a.attnum = ANY (i.indkey) ORDER BY 1
          ) = ARRAY(SELECT columna FROM unnest(columnas) AS columna ORDER BY 1)
    ) THEN
        RETURN;
    END IF;
    EXECUTE format(
        'SELECT count(*) FROM (SELECT 1 FROM %s WHERE (%s) IS NOT NULL GROUP BY %s HAVING count(*) > 1) r',
        tabla, lista, lista) INTO repetidas;
    IF repetidas > 0 THEN
        RAISE EXCEPTION 'table %: % values of (%) occur more than once, and no row is dropped by a migration; a person decides which row stays',
            tabla, repetidas, lista;
    END IF;
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (%s)', tabla, nombre, lista);
END $$;

-- Demand a value in this column, where every row has one.
CREATE OR REPLACE FUNCTION pg_temp.exigir(tabla regclass, columna text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    vacias bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s WHERE %I IS NULL', tabla, columna) INTO vacias;
    IF vacias > 0 THEN
        RAISE EXCEPTION 'table %: % rows have no %, and no row is dropped by a migration; a person decides what they are',
            tabla, vacias, columna;
    END IF;
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', tabla, columna);
END $$;

-- Undo a migration's table: gone if it is empty and ours, an error if it is ours and holds rows;
-- a table that stood here before us stays.
CREATE OR REPLACE FUNCTION pg_temp.retirar(tabla regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    con_filas boolean;
BEGIN
    IF tabla IS NULL OR obj_description(tabla, 'pg_class') IS DISTINCT FROM 'ov_assets' THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', tabla) INTO con_filas;
    IF con_filas THEN
        RAISE EXCEPTION 'table % holds rows: going back would lose them', tabla;
    END IF;
    EXECUTE format('DROP TABLE %s', tabla);
END $$;

-- Mark a table as made by us, so that going back may take it away again.
CREATE OR REPLACE FUNCTION pg_temp.marcar(tabla regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COMMENT ON TABLE %s IS ''ov_assets''', tabla);
END $$;

-- name: functions
-- Reading text that may be anything, without ever raising an error: NULL means "not that".
-- LIKE for the shape and one scan for digits: several times faster than a regular expression for all of it.

-- Whether YYYY?MM?DD at the start of a text whose shape is known already is a day of the calendar.
CREATE OR REPLACE FUNCTION data_general.es_dia_ov(texto text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN substr(texto, 1, 4) = '0000' OR substr(texto, 6, 2)::int NOT BETWEEN 1 AND 12 THEN false
        -- Every month has these; only for the others is the calendar asked.
        WHEN substr(texto, 9, 2)::int BETWEEN 1 AND 28 THEN true
        ELSE substr(texto, 9, 2)::int BETWEEN 1 AND date_part(
            'day', make_date(substr(texto, 1, 4)::int, substr(texto, 6, 2)::int, 1) + interval '1 month - 1 day')
    END
$$;

-- A portal's Fecha: YYYY/MM/DD HH:MM or YYYY-MM-DD HH:MM, each with or without :SS; Bogotá's wall clock.
CREATE OR REPLACE FUNCTION data_general.fecha_ov(texto text) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN (texto LIKE '____/__/__ __:__' OR texto LIKE '____-__-__ __:__'
              OR texto LIKE '____/__/__ __:__:__' OR texto LIKE '____-__-__ __:__:__')
            AND substr(texto, 1, 4) || substr(texto, 6, 2) || substr(texto, 9, 2) || substr(texto, 12, 2)
                || substr(texto, 15, 2) || substr(texto, 18, 2) !~ '[^0-9]'
        THEN CASE
            WHEN data_general.es_dia_ov(texto)
                AND substr(texto, 12, 2)::int < 24 AND substr(texto, 15, 2)::int < 60
                AND COALESCE(NULLIF(substr(texto, 18, 2), ''), '0')::int < 60
            THEN make_timestamp(
                substr(texto, 1, 4)::int, substr(texto, 6, 2)::int, substr(texto, 9, 2)::int,
                substr(texto, 12, 2)::int, substr(texto, 15, 2)::int,
                COALESCE(NULLIF(substr(texto, 18, 2), ''), '0')::float8)
        END
    END
$$;

-- An aware instant in ISO 8601, as Python's isoformat writes it; one without an offset is not an instant.
CREATE OR REPLACE FUNCTION data_general.instante_ov(texto text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN texto LIKE '____-__-__T__:__:__%'
            AND substr(texto, 1, 4) || substr(texto, 6, 2) || substr(texto, 9, 2) || substr(texto, 12, 2)
                || substr(texto, 15, 2) || substr(texto, 18, 2) !~ '[^0-9]'
            AND (substr(texto, 20) = '+00:00'
                 OR substr(texto, 20) ~ '^(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$')
        THEN CASE
            WHEN data_general.es_dia_ov(texto)
                AND substr(texto, 12, 2)::int < 24 AND substr(texto, 15, 2)::int < 60
                AND substr(texto, 18, 2)::int < 60
            THEN texto::timestamptz
        END
    END
$$;

-- A JSON object that jsonb can hold (it can't hold \u0000).
CREATE OR REPLACE FUNCTION data_general.objeto_ov(texto text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$
DECLARE
    leido jsonb;
BEGIN
    leido := texto::jsonb;
    RETURN CASE WHEN jsonb_typeof(leido) = 'object' THEN leido END;
EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
    RETURN NULL;
END $$;

-- name: functions_drop
DROP FUNCTION IF EXISTS data_general.fecha_ov(text), data_general.instante_ov(text),
    data_general.objeto_ov(text), data_general.es_dia_ov(text);
