-- subiendo, expired -> pendiente
UPDATE data_general.registros_ov_s3
SET estado_carga = 'pendiente', arrendado_por = NULL, arriendo_vence = NULL, fecha_actualizacion = now()
WHERE estado_carga = 'subiendo' AND arriendo_vence < now() AND bucket_s3 = %(bucket)s
