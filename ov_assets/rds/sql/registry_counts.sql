SELECT estado_carga, count(*)
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s AND empresa = %(empresa)s AND fecha = %(fecha)s
GROUP BY estado_carga
