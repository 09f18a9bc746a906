-- Every current file without a row that has one of these hashes, of whatever day: each may be the one meant.
SELECT
    a.id AS archivo_id, a.empresa, a.numero_radicado, a.clase, a.nombre, a.hash_archivo, a.tamano,
    a.ruta_local, a.fecha
FROM data_general.archivos_ov AS a
WHERE a.empresa = %(empresa)s
    AND a.hash_archivo = ANY(%(hashes)s::text[])
    AND a.vigente
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
