-- subiendo -> subiendo, with a later end of the lease
UPDATE data_general.registros_ov_s3
SET arriendo_vence = now() + make_interval(secs => %(segundos)s)
WHERE estado_carga = 'subiendo' AND arrendado_por = %(dueno)s AND bucket_s3 = %(bucket)s
