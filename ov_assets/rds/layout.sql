-- name: layout_keys
-- Every key that a row of this bucket holds: none of them is free.
SELECT clave_s3
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)

-- name: layout_previous
-- Objects that a migration left behind longer ago than the grace period, and that no row has taken up since.
SELECT r.id, c.clave AS anterior, r.clave_s3, r.hash_archivo
FROM data_general.registros_ov_s3 AS r
CROSS JOIN LATERAL jsonb_each_text(r.metadatos -> 'claves_anteriores') AS c (clave, desde)
WHERE r.bucket_s3 = %(bucket)s
    AND (%(empresa)s::text IS NULL OR r.empresa = %(empresa)s)
    AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'
    AND r.estado_carga IN ('subido', 'pre_existente')
    AND c.desde::timestamptz < now() - make_interval(secs => %(gracia)s)
    AND NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS otro
        WHERE otro.bucket_s3 = r.bucket_s3 AND otro.clave_s3 = c.clave
    )
ORDER BY r.id, c.clave

-- name: layout_pruned
-- The old object is gone; the row forgets its key.
UPDATE data_general.registros_ov_s3 AS r
SET metadatos = CASE
        WHEN (r.metadatos -> 'claves_anteriores') - p.anteriores = '{}'::jsonb THEN r.metadatos - 'claves_anteriores'
        ELSE jsonb_set(r.metadatos, '{claves_anteriores}', (r.metadatos -> 'claves_anteriores') - p.anteriores)
    END,
    fecha_actualizacion = now()
FROM (
    SELECT id, array_agg(anterior) AS anteriores
    FROM unnest(%(ids)s::bigint[], %(anteriores)s::text[]) AS u (id, anterior)
    GROUP BY id
) AS p
WHERE r.id = p.id AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'

-- name: layout_rows
-- The settled objects of files on record, which are the ones that a migration moves.
SELECT
    r.id, r.empresa, r.clave_s3, r.hash_archivo, r.etag, r.numero_radicado, r.clase, r.nombre_archivo, a.fecha,
    a.tamano
FROM data_general.registros_ov_s3 AS r
JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE r.bucket_s3 = %(bucket)s
    AND r.estado_carga IN ('subido', 'pre_existente')
    AND (%(empresa)s::text IS NULL OR r.empresa = %(empresa)s)
ORDER BY r.empresa, r.numero_radicado, r.clase, r.nombre_archivo, r.id

-- name: layout_switch
-- One row, one moment: before, the old key is the registered one, afterwards the new one is.
-- Guarded by the old key and state; the old key is remembered with the time, for --prune.
UPDATE data_general.registros_ov_s3 AS r
SET clave_s3 = m.nueva,
    url_s3 = 's3://' || r.bucket_s3 || '/' || m.nueva,
    etag = m.etag,
    metadatos = CASE jsonb_typeof(r.metadatos) WHEN 'object' THEN r.metadatos ELSE '{}'::jsonb END
        || jsonb_build_object(
            'claves_anteriores',
            (coalesce(r.metadatos -> 'claves_anteriores', '{}'::jsonb) - m.nueva)
                || jsonb_build_object(m.anterior, now())
        ),
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(anteriores)s::text[], %(nuevas)s::text[], %(etags)s::text[])
    AS m (id, anterior, nueva, etag)
WHERE r.id = m.id
    AND r.clave_s3 = m.anterior
    AND r.estado_carga IN ('subido', 'pre_existente')
    AND NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS otro
        WHERE otro.bucket_s3 = r.bucket_s3 AND otro.clave_s3 = m.nueva
    )
