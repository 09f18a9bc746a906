-- Which company and day have files that are in no bucket, and no longer on disk either: only the portal has them.
SELECT a.empresa, a.fecha, count(*), min(r.fecha_actualizacion::timestamptz)
FROM data_general.registros_ov_s3 AS r
JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE r.bucket_s3 = %(bucket)s AND r.estado_carga = 'falta_local' AND a.vigente
GROUP BY a.empresa, a.fecha
ORDER BY a.fecha, a.empresa
LIMIT %(limite)s
