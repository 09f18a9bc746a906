-- Every key that a row of this bucket holds: none of them is free.
SELECT clave_s3
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
