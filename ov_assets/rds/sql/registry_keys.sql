-- Every key that the registry holds for these PQR in a bucket, whatever its state.
SELECT clave_s3
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s
    AND empresa = %(empresa)s
    AND numero_radicado = ANY(%(radicados)s::text[])
