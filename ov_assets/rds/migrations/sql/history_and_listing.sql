-- What a row said before each change of it, and what the portal lists.
CREATE TABLE IF NOT EXISTS data_general.historial_ov (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    empresa text NOT NULL,
    numero_radicado text NOT NULL,
    antes jsonb NOT NULL,
    cambiado_en timestamptz NOT NULL DEFAULT now(),
    archivo_hash text NOT NULL
);
CREATE INDEX IF NOT EXISTS historial_ov_radicado_idx
    ON data_general.historial_ov (empresa, numero_radicado, cambiado_en);

CREATE TABLE IF NOT EXISTS data_general.listado_ov (
    empresa text NOT NULL,
    numero_radicado text NOT NULL,
    fecha timestamp,
    fecha_dia date,
    estado text,
    huella text NOT NULL,
    visto_primero timestamptz NOT NULL,
    visto_ultimo timestamptz NOT NULL,
    presente boolean NOT NULL DEFAULT true,
    CONSTRAINT listado_ov_pkey PRIMARY KEY (empresa, numero_radicado)
) WITH (fillfactor = 85);  -- every walk of the list touches visto_ultimo: room for it on the same page
CREATE INDEX IF NOT EXISTS listado_ov_dia_idx ON data_general.listado_ov (empresa, fecha_dia);

SELECT pg_temp.marcar('data_general.historial_ov'), pg_temp.marcar('data_general.listado_ov');
