-- Files of one company and day that were seen in the bucket with their own hash.
SELECT DISTINCT a.numero_radicado, a.clase, a.nombre, a.hash_archivo
FROM data_general.archivos_ov AS a
JOIN data_general.registros_ov_s3 AS r
    ON r.empresa = a.empresa
    AND r.numero_radicado = a.numero_radicado
    AND r.clase = a.clase
    AND r.nombre_archivo = a.nombre
    AND r.hash_archivo = a.hash_archivo
WHERE a.empresa = %(empresa)s AND a.fecha = %(fecha)s AND r.bucket_s3 = %(bucket)s
    AND r.estado_carga IN ('subido', 'pre_existente') AND r.verificado_en IS NOT NULL;
