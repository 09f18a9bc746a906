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
