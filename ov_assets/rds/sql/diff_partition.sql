-- files x registry x bucket: each current file of one company and day in exactly one state.
-- Returns one line per file that is not settled, one line per settled state with its count, and one line for
-- the objects that no row knows. A line without `motivo` is a count.
WITH archivos AS MATERIALIZED (
    -- A file may have been adopted under two keys; the best of its rows speaks for it.
    SELECT DISTINCT ON (a.id)
        a.id AS archivo_id, a.numero_radicado, a.clase, a.nombre, a.hash_archivo, a.tamano, a.ruta_local,
        r.id AS registro_id, r.estado_carga, r.clave_s3, r.etag, r.arriendo_vence, r.proximo_intento,
        coalesce(r.verificado_en, '-infinity') >= now() AS recien_verificado,
        b.clave IS NOT NULL AS listado,
        b.tamano AS tamano_s3,
        b.etag AS etag_s3,
        -- Absence from the listing says nothing about a key outside of what was listed.
        EXISTS (SELECT 1 FROM unnest(%(prefijos)s::text[]) AS p (prefijo) WHERE starts_with(r.clave_s3, prefijo))
            AS cubierto
    FROM data_general.archivos_ov AS a
    LEFT JOIN data_general.registros_ov_s3 AS r
        ON r.bucket_s3 = %(bucket)s
        AND r.empresa = a.empresa
        AND r.numero_radicado = a.numero_radicado
        AND r.clase = a.clase
        AND r.nombre_archivo = a.nombre
        AND r.hash_archivo = a.hash_archivo
    LEFT JOIN listado_s3 AS b ON b.clave = r.clave_s3
    WHERE a.empresa = %(empresa)s AND a.fecha = %(fecha)s AND a.vigente
    ORDER BY
        a.id,
        array_position(
            ARRAY['subido', 'pre_existente', 'conflicto', 'subiendo', 'pendiente', 'error', 'falta_s3'],
            r.estado_carga::text
        ),
        r.id
),

juzgados AS (
    SELECT
        archivos.*,
        CASE
            WHEN registro_id IS NULL THEN 'sin_registro'
            WHEN estado_carga IN ('subido', 'pre_existente', 'conflicto')
                AND cubierto AND NOT listado AND NOT recien_verificado THEN 'no_esta_en_s3'
            WHEN estado_carga IN ('subido', 'pre_existente') AND listado AND NOT recien_verificado
                AND tamano_s3 <> tamano THEN 'otro_tamano'
            WHEN estado_carga IN ('subido', 'pre_existente') AND listado AND NOT recien_verificado
                AND etag IS NOT NULL AND etag_s3 <> etag THEN 'otro_etag'
            WHEN estado_carga IN ('subido', 'pre_existente') THEN NULL
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
        END AS estado
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
)

SELECT
    archivo_id, registro_id, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, clave_s3,
    estado_carga AS estado_registro, estado, motivo, 1 AS cuantos
FROM estados
WHERE motivo IS NOT NULL
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
