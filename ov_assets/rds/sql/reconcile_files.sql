-- Current files on record without a row in the registry of this bucket.
SELECT
    a.id AS archivo_id, a.empresa, a.numero_radicado, a.clase, a.nombre, a.hash_archivo, a.tamano,
    a.ruta_local, a.fecha
FROM data_general.archivos_ov AS a
WHERE a.vigente
    AND (%(empresa)s::text IS NULL OR a.empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR a.fecha >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR a.fecha <= %(hasta)s)
    AND NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS r
        WHERE r.bucket_s3 = %(bucket)s
            AND r.empresa = a.empresa
            AND r.numero_radicado = a.numero_radicado
            AND r.clase = a.clase
            AND r.nombre_archivo = a.nombre
            AND r.hash_archivo = a.hash_archivo
    )
