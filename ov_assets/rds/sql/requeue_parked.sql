-- Rows that wait for a person, or for their next try. A permanent error is told by a prefix of its text.
SELECT
    id, empresa, fecha, clave_s3, estado_carga,
    coalesce(regexp_replace(ultimo_error, '^permanente: ', ''), '') AS motivo
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s
    AND estado_carga = %(estado)s
    AND clase IS NOT NULL  -- a row of the registry without a file has nothing to send
    AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR fecha >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR fecha <= %(hasta)s)
    AND starts_with(coalesce(regexp_replace(ultimo_error, '^permanente: ', ''), ''), %(motivo)s)
ORDER BY fecha, empresa, clave_s3
