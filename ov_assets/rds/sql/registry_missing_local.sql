-- subiendo, held by this owner -> falta_local: the file is gone from disk, or altered.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'falta_local',
    ultimo_error = h.detalle,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s
