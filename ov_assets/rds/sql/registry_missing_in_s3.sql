-- subido | pre_existente | conflicto -> falta_s3: registered, but the bucket has nothing at the key.
-- A row that was verified after the listing began is left alone: the listing may be too old to know.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_s3',
    requiere_resubida = true,
    sincronizado_bd = false,
    proximo_intento = NULL,
    fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[])
    AND estado_carga IN ('subido', 'pre_existente', 'conflicto')
    AND coalesce(verificado_en, '-infinity') < %(listado_en)s
