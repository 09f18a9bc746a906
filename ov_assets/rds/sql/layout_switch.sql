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
