-- pendiente | error | falta_s3 -> falta_local: the file is not on disk.
-- A row that another transaction changed after the reading began is left alone.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_local', ultimo_error = 'no_esta_en_disco', fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[])
    AND estado_carga IN ('pendiente', 'error', 'falta_s3')
    AND (coalesce(fecha_actualizacion, '-infinity') < %(leido_en)s OR fecha_actualizacion = now())
