-- name: loads_and_rejects
-- One row per loaded CSV, written in the load's own transaction.
CREATE TABLE IF NOT EXISTS data_general.cargas_ov (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    empresa text NOT NULL,
    fecha date NOT NULL,
    archivo text NOT NULL,
    hash_archivo text NOT NULL,
    hash_rechazos text NOT NULL DEFAULT '',
    filas integer NOT NULL,
    insertadas integer NOT NULL,
    actualizadas integer NOT NULL,
    sin_cambio integer NOT NULL,
    obsoletas integer NOT NULL,
    duplicadas integer NOT NULL,
    rechazadas integer NOT NULL,
    ejecucion text NOT NULL,
    cargado_en timestamptz NOT NULL,
    CONSTRAINT cargas_ov_archivo_key UNIQUE (empresa, fecha, hash_archivo),
    CONSTRAINT cargas_ov_cuenta_check CHECK (
        filas = insertadas + actualizadas + sin_cambio + duplicadas + rechazadas AND obsoletas <= sin_cambio)
);

-- Rows that can't be loaded. Nothing of the row is in the clear but a radicado that is digits.
CREATE TABLE IF NOT EXISTS data_general.rechazos_ov (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    empresa text NOT NULL,
    fecha date NOT NULL,
    archivo text NOT NULL,
    archivo_hash text NOT NULL,
    linea integer NOT NULL,
    numero_radicado text,
    motivo text NOT NULL,
    detalle text NOT NULL,
    fila_cifrada bytea,
    visto_primero timestamptz NOT NULL DEFAULT now(),
    visto_ultimo timestamptz NOT NULL DEFAULT now(),
    estado text NOT NULL DEFAULT 'pendiente',
    CONSTRAINT rechazos_ov_fila_key UNIQUE (empresa, fecha, archivo_hash, linea, motivo),
    CONSTRAINT rechazos_ov_estado_check CHECK (estado IN ('pendiente', 'reingresado', 'reemplazado'))
);
CREATE INDEX IF NOT EXISTS rechazos_ov_pendientes_idx
    ON data_general.rechazos_ov (empresa, fecha) WHERE estado = 'pendiente';

SELECT pg_temp.marcar('data_general.cargas_ov'), pg_temp.marcar('data_general.rechazos_ov');
