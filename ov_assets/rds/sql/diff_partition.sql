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

huerfanos AS (
    SELECT b.clave
    FROM listado_s3 AS b
    WHERE NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS r
        WHERE r.bucket_s3 = %(bucket)s AND r.clave_s3 = b.clave
    )
    -- What a change of layout left behind belongs to its row until it is pruned.
    AND NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS r
        WHERE r.bucket_s3 = %(bucket)s
            AND r.metadatos ? 'claves_anteriores'
            AND r.metadatos -> 'claves_anteriores' ? b.clave
    )
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
