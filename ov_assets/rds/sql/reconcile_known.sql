-- Which of these keys does any row know, and which did a migration leave behind until they are pruned?
SELECT r.clave_s3, false AS anterior
FROM data_general.registros_ov_s3 AS r
WHERE (r.bucket_s3 = %(bucket)s OR r.bucket_s3 IS NULL) AND r.clave_s3 = ANY(%(claves)s::text[])
UNION
SELECT c.clave, true
FROM data_general.registros_ov_s3 AS r
CROSS JOIN LATERAL jsonb_object_keys(r.metadatos -> 'claves_anteriores') AS c (clave)
WHERE r.bucket_s3 = %(bucket)s
    AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'
    AND c.clave = ANY(%(claves)s::text[])
