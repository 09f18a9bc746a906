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
