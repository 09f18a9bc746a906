-- subiendo, held by this owner -> pendiente: it gives back what it did not get to.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'pendiente', arrendado_por = NULL, arriendo_vence = NULL, fecha_actualizacion = now()
WHERE estado_carga = 'subiendo' AND arrendado_por = %(dueno)s AND bucket_s3 = %(bucket)s
