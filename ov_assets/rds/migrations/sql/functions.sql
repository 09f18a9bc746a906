-- Reading text that may be anything, without ever raising an error: NULL means "not that".

-- A portal's Fecha: YYYY/MM/DD HH:MM or YYYY-MM-DD HH:MM, each with or without :SS; Bogotá's wall clock.
CREATE OR REPLACE FUNCTION data_general.fecha_ov(texto text) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN texto ~ '^(?!0000)[0-9]{4}(/(0[1-9]|1[0-2])/|-(0[1-9]|1[0-2])-)(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$'
        THEN CASE
            WHEN substr(texto, 9, 2)::int <= date_part(
                'day', make_date(substr(texto, 1, 4)::int, substr(texto, 6, 2)::int, 1) + interval '1 month - 1 day')
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
        WHEN texto ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
        THEN CASE
            WHEN substr(texto, 9, 2)::int <= date_part(
                'day', make_date(substr(texto, 1, 4)::int, substr(texto, 6, 2)::int, 1) + interval '1 month - 1 day')
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

-- One value as hash_registro takes it in: its length in bytes (8 bytes, big-endian), then its UTF-8 bytes.
CREATE OR REPLACE FUNCTION data_general.medido_ov(texto text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT int8send(octet_length(convert_to(COALESCE(texto, ''), 'UTF8'))::bigint)
        || convert_to(COALESCE(texto, ''), 'UTF8')
$$;
