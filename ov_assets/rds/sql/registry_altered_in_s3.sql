-- subido | pre_existente -> conflicto: the bucket holds other bytes than those that were registered.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'conflicto', ultimo_error = h.detalle, sincronizado_bd = false, fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id
    AND r.estado_carga IN ('subido', 'pre_existente')
    AND coalesce(r.verificado_en, '-infinity') < %(listado_en)s
