-- Not settled, or settled without a verified ETag -> the object at the key has the row's bytes.
-- A row under a living lease belongs to its uploader.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = CASE WHEN r.estado_carga = 'pre_existente' THEN 'pre_existente' ELSE 'subido' END,
    bucket_s3 = %(bucket)s,
    etag = h.etag,
    hash_archivo = h.hash,
    tamano_archivo = h.tamano,
    procesado = true,
    sincronizado_bd = true,
    requiere_resubida = false,
    ultimo_error = NULL,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_carga = coalesce(r.fecha_carga, now()),
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(etags)s::text[], %(hashes)s::text[], %(tamanos)s::bigint[])
    AS h (id, etag, hash, tamano)
WHERE r.id = h.id
    AND coalesce(r.hash_archivo, h.hash) = h.hash
    AND NOT (r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false))
