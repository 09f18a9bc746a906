-- Every current file without a row that has one of these hashes, of whatever day: each may be the one meant.
SELECT archivo_id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha
FROM data_general.archivos_en_s3_ov(%(bucket)s)
WHERE empresa = %(empresa)s AND hash_archivo = ANY(%(hashes)s::text[]) AND registro_id IS NULL
