-- any state but a living lease -> conflicto: the key holds other bytes than the row says; a person decides.
-- A row that was verified after the reading began is left alone.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'conflicto',
    ultimo_error = h.detalle,
    sincronizado_bd = false,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id
    AND r.estado_carga <> 'conflicto'
    AND NOT (r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false))
    AND coalesce(r.verificado_en, '-infinity') < %(leido_en)s
