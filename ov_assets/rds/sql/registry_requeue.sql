-- falta_local (the file is back on disk) | conflicto, error (a person settled it) -> pendiente
UPDATE data_general.registros_ov_s3
SET estado_carga = 'pendiente', proximo_intento = NULL, fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[]) AND estado_carga IN ('falta_local', 'conflicto', 'error')
