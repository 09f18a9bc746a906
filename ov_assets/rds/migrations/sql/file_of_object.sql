-- Which file an object is of: one reference, where five columns were compared. NULL: an object without a file.
ALTER TABLE data_general.registros_ov_s3 ADD COLUMN IF NOT EXISTS archivo_id bigint;

-- Of several rows of one file in one bucket the best speaks for it, as it did before; the others keep their
-- columns and their objects, which are copies.
UPDATE data_general.registros_ov_s3 AS r
SET archivo_id = mejor.archivo_id
FROM (
    SELECT DISTINCT ON (s.bucket_s3, a.id) s.id, a.id AS archivo_id
    FROM data_general.registros_ov_s3 AS s
    JOIN data_general.archivos_ov AS a
        ON a.empresa = s.empresa
        AND a.numero_radicado = s.numero_radicado
        AND a.clase = s.clase
        AND a.nombre = s.nombre_archivo
        AND a.hash_archivo = s.hash_archivo
    WHERE s.bucket_s3 IS NOT NULL
    ORDER BY
        s.bucket_s3,
        a.id,
        array_position(
            ARRAY['subido', 'pre_existente', 'conflicto', 'subiendo', 'pendiente', 'error', 'falta_s3'],
            s.estado_carga::text
        ),
        s.id
) AS mejor
WHERE r.id = mejor.id AND r.archivo_id IS NULL;

DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conname = 'registros_ov_s3_archivo_fkey' AND conrelid = 'data_general.registros_ov_s3'::regclass
    ) THEN
        ALTER TABLE data_general.registros_ov_s3 ADD CONSTRAINT registros_ov_s3_archivo_fkey
            FOREIGN KEY (archivo_id) REFERENCES data_general.archivos_ov (id);
    END IF;
END $$;
-- A file has one row in a bucket: nobody can register it twice.
CREATE UNIQUE INDEX IF NOT EXISTS registros_ov_s3_archivo_key
    ON data_general.registros_ov_s3 (archivo_id, bucket_s3);
-- What `ov s3 migrate` left behind, until it is pruned.
CREATE INDEX IF NOT EXISTS registros_ov_s3_anteriores_idx
    ON data_general.registros_ov_s3 USING gin ((metadatos -> 'claves_anteriores'))
    WHERE metadatos ? 'claves_anteriores';

-- Whether an uploader may take a row now.
CREATE OR REPLACE FUNCTION data_general.por_subir_ov(
    estado text, arriendo_vence timestamptz, proximo_intento timestamptz
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT estado IN ('pendiente', 'subiendo', 'error', 'falta_s3')
        AND CASE estado
            WHEN 'subiendo' THEN arriendo_vence < now()
            ELSE coalesce(proximo_intento, '-infinity') <= now()
        END
$$;

-- Is this file in S3? Every current file once, with its row in the registry of a bucket, if it has one. Whoever
-- asks, asks here; a single SELECT, so that PostgreSQL plans it as a part of the question.
CREATE OR REPLACE FUNCTION data_general.archivos_en_s3_ov(bucket text) RETURNS TABLE (
    archivo_id bigint, empresa text, fecha date, numero_radicado text, clase text, nombre text,
    hash_archivo text, tamano bigint, ruta_local text, fecha_creacion timestamptz,
    fecha_actualizacion timestamptz, registro_id bigint, estado_carga text, clave_s3 text, etag text,
    arriendo_vence timestamptz, proximo_intento timestamptz, verificado_en timestamptz, en_s3 boolean
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        a.id, a.empresa, a.fecha, a.numero_radicado, a.clase, a.nombre,
        a.hash_archivo, a.tamano, a.ruta_local, a.fecha_creacion,
        a.fecha_actualizacion, r.id::bigint, r.estado_carga::text, r.clave_s3::text, r.etag,
        r.arriendo_vence, r.proximo_intento, r.verificado_en,
        coalesce(r.estado_carga IN ('subido', 'pre_existente'), false)
    FROM data_general.archivos_ov AS a
    LEFT JOIN data_general.registros_ov_s3 AS r ON r.archivo_id = a.id AND r.bucket_s3 = $1
    WHERE a.vigente
$$;

-- Nobody asks any more what changed since a moment.
DROP INDEX IF EXISTS data_general.archivos_ov_cambios_idx;
