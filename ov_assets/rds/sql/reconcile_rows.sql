-- The registry of a bucket, each row with its file on record if it has one.
-- The predecessor's bulk script left bucket_s3 out; there was one bucket then, and this is it.
SELECT
    r.id, r.empresa, r.clave_s3, r.estado_carga, r.hash_archivo,
    coalesce(a.tamano, r.tamano_archivo) AS tamano_archivo,
    r.etag, r.numero_radicado, r.numero_reclamo_sgc,
    a.id AS archivo_id, a.ruta_local,
    coalesce(a.vigente, false) AS vigente,
    r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false) AS en_curso,
    coalesce(r.metadatos, '{}'::jsonb) ? 'cuarentena' AS en_cuarentena
FROM data_general.registros_ov_s3 AS r
LEFT JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE (r.bucket_s3 = %(bucket)s OR r.bucket_s3 IS NULL)
    AND (%(empresa)s::text IS NULL OR r.empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR coalesce(a.fecha, r.fecha) >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR coalesce(a.fecha, r.fecha) <= %(hasta)s)
    AND (%(resto)s::int IS NULL OR mod(coalesce(a.fecha, r.fecha) - %(origen)s::date, 7) = %(resto)s)
