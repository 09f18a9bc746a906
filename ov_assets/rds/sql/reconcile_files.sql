-- Current files on record without a row in the registry of this bucket.
SELECT archivo_id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha
FROM data_general.archivos_en_s3_ov(%(bucket)s)
WHERE registro_id IS NULL
    AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR fecha >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR fecha <= %(hasta)s)
    AND (%(resto)s::int IS NULL OR mod(fecha - %(origen)s::date, 7) = %(resto)s)
