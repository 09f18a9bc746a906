-- subiendo, held by this owner -> subido
-- An object that was there at the first attempt was in the bucket before; at a later one it is our own.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'subido',
    origen_carga = CASE
        WHEN h.ya_estaba AND coalesce(r.intentos_carga, 0) <= 1 THEN 'pre_existente' ELSE 'bot'
    END,
    etag = h.etag,
    tipo_contenido = h.tipo_contenido,
    procesado = true,
    sincronizado_bd = true,
    requiere_resubida = false,
    ultimo_error = NULL,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_carga = now(),
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(etags)s::text[], %(tipos)s::text[], %(ya_estaban)s::boolean[])
    AS h (id, etag, tipo_contenido, ya_estaba)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s
