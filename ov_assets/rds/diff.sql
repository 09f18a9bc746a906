-- name: diff_alone
-- Only a temporary table is written, so that the end of the transaction need not wait for the disk; and a
-- partition's rows are found by index where the registry is still small, too.
SET LOCAL synchronous_commit = off;
SET LOCAL random_page_cost = 1.1

-- name: diff_elsewhere
-- The keys of one company and day at which objects should be and that a listing of these prefixes doesn't show:
-- adopted ones, and those of another layout.
SELECT clave_s3
FROM data_general.archivos_en_s3_ov(%(bucket)s) AS a
WHERE empresa = %(empresa)s
    AND fecha = %(fecha)s
    AND (en_s3 OR estado_carga = 'conflicto')
    AND NOT EXISTS (
        SELECT FROM unnest(%(prefijos)s::text[]) AS p (prefijo) WHERE starts_with(a.clave_s3, prefijo))

-- name: diff_limits
-- A listing takes as long as S3 takes, whatever the role's default is.
SET LOCAL statement_timeout = 0

-- name: diff_listing
CREATE TEMPORARY TABLE listado_s3 (
    clave text PRIMARY KEY,
    tamano bigint NOT NULL,
    etag text NOT NULL
) ON COMMIT DROP

-- name: diff_missing_local
-- Which company and day have files that are in no bucket, and no longer on disk either: only the portal has them.
SELECT a.empresa, a.fecha, count(*), min(r.fecha_actualizacion::timestamptz)
FROM data_general.registros_ov_s3 AS r
JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE r.bucket_s3 = %(bucket)s AND r.estado_carga = 'falta_local' AND a.vigente
GROUP BY a.empresa, a.fecha
ORDER BY a.fecha, a.empresa
LIMIT %(limite)s

-- name: diff_partition
-- files x registry x bucket: each current file of one company and day in exactly one state.
-- Returns one line per file that is not settled (and, if asked for, per file that the listing proves), one line
-- per settled state with its count, and one line for the objects that no row knows. A line without archivo_id is
-- a count.
WITH archivos AS MATERIALIZED (
    SELECT
        a.*,
        coalesce(a.verificado_en >= now(), false) AS recien_verificado,
        b.clave IS NOT NULL AS listado,
        b.tamano AS tamano_s3,
        b.etag AS etag_s3
    FROM data_general.archivos_en_s3_ov(%(bucket)s) AS a
    LEFT JOIN listado_s3 AS b ON b.clave = a.clave_s3
    WHERE a.empresa = %(empresa)s AND a.fecha = %(fecha)s
),

juzgados AS (
    SELECT
        archivos.*,
        CASE
            WHEN registro_id IS NULL THEN 'sin_registro'
            WHEN (en_s3 OR estado_carga = 'conflicto') AND NOT listado AND NOT recien_verificado
                THEN 'no_esta_en_s3'
            WHEN en_s3 AND NOT recien_verificado AND tamano_s3 <> tamano THEN 'otro_tamano'
            WHEN en_s3 AND NOT recien_verificado AND etag_s3 <> etag THEN 'otro_etag'
            WHEN en_s3 THEN NULL
            WHEN estado_carga = 'conflicto' THEN 'otros_bytes'
            WHEN estado_carga = 'subiendo' AND arriendo_vence >= now() THEN 'en_curso'
            WHEN estado_carga = 'subiendo' THEN 'arriendo_vencido'
            WHEN estado_carga = 'error' AND proximo_intento > now() THEN 'reintento_en_espera'
            WHEN estado_carga = 'error' THEN 'reintento_vencido'
            WHEN estado_carga = 'falta_local' THEN 'no_esta_en_disco'
            WHEN estado_carga = 'falta_s3' THEN 'no_esta_en_s3'
            ELSE 'planificado'
        END AS motivo
    FROM archivos
),

estados AS (
    SELECT
        juzgados.*,
        CASE
            WHEN motivo = 'sin_registro' THEN 'pendiente'
            WHEN motivo = 'no_esta_en_s3' THEN 'falta_s3'
            WHEN motivo IN ('otro_tamano', 'otro_etag') THEN 'conflicto'
            ELSE estado_carga
        END AS estado,
        -- Seen in this very listing, at its key, with the size and the ETag of the bytes that were verified.
        coalesce(motivo IS NULL AND tamano_s3 = tamano AND etag_s3 = etag, false) AS probado
    FROM juzgados
),

sin_fila AS MATERIALIZED (
    SELECT b.clave
    FROM listado_s3 AS b
    WHERE NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS r
        WHERE r.bucket_s3 = %(bucket)s AND r.clave_s3 = b.clave
    )
),

-- What a change of layout left behind belongs to its row until it is pruned. Read once, and only where an object
-- has no row: an index on the keys is asked in vain right after the change, while its entries are still pending.
anteriores AS MATERIALIZED (
    SELECT c.clave
    FROM data_general.registros_ov_s3 AS r
    CROSS JOIN LATERAL jsonb_object_keys(r.metadatos -> 'claves_anteriores') AS c (clave)
    WHERE r.bucket_s3 = %(bucket)s
        AND r.empresa = %(empresa)s
        AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'
        AND EXISTS (SELECT FROM sin_fila)
),

huerfanos AS (
    SELECT s.clave FROM sin_fila AS s WHERE NOT EXISTS (SELECT FROM anteriores AS a WHERE a.clave = s.clave)
)

SELECT
    archivo_id, registro_id, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, clave_s3,
    estado_carga AS estado_registro, estado, motivo, 1 AS cuantos
FROM estados
WHERE motivo IS NOT NULL OR (%(con_probados)s AND probado)
UNION ALL
SELECT
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    estado, NULL, count(*)
FROM estados
WHERE motivo IS NULL
GROUP BY estado
UNION ALL
SELECT
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, min(clave), NULL,
    'huerfano', NULL, count(*)
FROM huerfanos

-- name: diff_pending_partitions
-- Which company and day have files that are not in S3 and could be brought there now? Asked of the data
-- themselves, never of a clock or of a note that somebody keeps. Oldest day first.
WITH sin_registro AS (
    SELECT empresa, fecha, count(*) AS archivos, min(fecha_creacion) AS desde
    FROM data_general.archivos_en_s3_ov(%(bucket)s)
    WHERE registro_id IS NULL
    GROUP BY empresa, fecha
),

por_subir AS (
    SELECT a.empresa, a.fecha, count(*) AS archivos, min(a.fecha_creacion) AS desde
    FROM data_general.registros_ov_s3 AS r
    JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
    WHERE r.bucket_s3 = %(bucket)s
        AND a.vigente
        AND data_general.por_subir_ov(r.estado_carga, r.arriendo_vence, r.proximo_intento)
    GROUP BY a.empresa, a.fecha
)

SELECT empresa, fecha, sum(archivos)::bigint AS archivos, min(desde) AS desde
FROM (SELECT * FROM sin_registro UNION ALL SELECT * FROM por_subir) AS todo
GROUP BY empresa, fecha
ORDER BY fecha, empresa
LIMIT %(limite)s

-- name: diff_session
-- One hash join over every file: in memory (about 150 MB for a million), and too short to be worth compiling.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off
