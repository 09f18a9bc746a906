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
