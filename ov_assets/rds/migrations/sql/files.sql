-- Every file of every PQR. numero_radicado is '' for a company's CSV of a day.
CREATE TABLE IF NOT EXISTS data_general.archivos_ov (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    empresa text NOT NULL,
    numero_radicado text NOT NULL,
    clase text NOT NULL,
    nombre text NOT NULL,
    hash_archivo text NOT NULL,
    tamano bigint NOT NULL,
    ruta_local text NOT NULL,
    fecha date NOT NULL,
    vigente boolean NOT NULL DEFAULT true,
    fecha_creacion timestamptz NOT NULL DEFAULT now(),
    fecha_actualizacion timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT archivos_ov_clase_check CHECK (clase IN ('json', 'pdf', 'adjunto', 'csv')),
    CONSTRAINT archivos_ov_archivo_key UNIQUE (empresa, numero_radicado, clase, nombre, hash_archivo)
);
CREATE INDEX IF NOT EXISTS archivos_ov_vigentes_idx ON data_general.archivos_ov (empresa, fecha) WHERE vigente;
CREATE INDEX IF NOT EXISTS archivos_ov_hash_idx ON data_general.archivos_ov (hash_archivo);

SELECT pg_temp.marcar('data_general.archivos_ov');
