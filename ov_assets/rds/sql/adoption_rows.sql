-- Rows without a file that have the hash of a file of this day that has no row. Next to nothing, as a rule.
SELECT DISTINCT
    r.id, r.empresa, r.clave_s3, r.estado_carga, r.hash_archivo, r.tamano_archivo, r.etag, r.numero_radicado,
    r.numero_reclamo_sgc,
    NULL::bigint AS archivo_id, NULL::text AS ruta_local, false AS vigente, false AS en_curso,
    false AS en_cuarentena
FROM data_general.archivos_en_s3_ov(%(bucket)s) AS a
JOIN data_general.registros_ov_s3 AS r
    ON r.hash_archivo = a.hash_archivo
    AND r.empresa = a.empresa
    AND r.archivo_id IS NULL
    AND r.numero_radicado IS NULL
WHERE a.empresa = %(empresa)s
    AND a.fecha = %(fecha)s
    AND a.registro_id IS NULL
    AND (r.bucket_s3 = %(bucket)s OR r.bucket_s3 IS NULL)
    AND r.estado_carga <> 'subiendo'
ORDER BY r.id
