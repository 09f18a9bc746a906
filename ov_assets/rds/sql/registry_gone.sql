-- pendiente | error | falta_s3 -> falta_local: seen by the diff, before anybody claims it.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_local', ultimo_error = 'no_esta_en_disco', fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[]) AND estado_carga IN ('pendiente', 'error', 'falta_s3')
