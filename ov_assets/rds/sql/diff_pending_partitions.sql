-- Which company and day have files that are not in S3 and could be brought there now? Asked of the data
-- themselves, never of a clock or of a note that somebody keeps. Oldest day first.
WITH sin_registro AS (
    SELECT a.empresa, a.fecha, count(*) AS archivos, min(a.fecha_creacion) AS desde
    FROM data_general.archivos_ov AS a
    WHERE a.vigente
        AND (%(desde)s::timestamptz IS NULL OR a.fecha_actualizacion >= %(desde)s)
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
    GROUP BY a.empresa, a.fecha
),

por_subir AS (
    SELECT a.empresa, a.fecha, count(*) AS archivos, min(a.fecha_creacion) AS desde
    FROM data_general.registros_ov_s3 AS r
    JOIN data_general.archivos_ov AS a
        ON a.empresa = r.empresa
        AND a.numero_radicado = r.numero_radicado
        AND a.clase = r.clase
        AND a.nombre = r.nombre_archivo
        AND a.hash_archivo = r.hash_archivo
    WHERE r.bucket_s3 = %(bucket)s
        AND a.vigente
        AND r.estado_carga IN ('pendiente', 'subiendo', 'error', 'falta_s3')
        AND CASE r.estado_carga
            WHEN 'subiendo' THEN r.arriendo_vence < now()
            ELSE coalesce(r.proximo_intento, '-infinity') <= now()
        END
    GROUP BY a.empresa, a.fecha
)

SELECT empresa, fecha, sum(archivos)::bigint AS archivos, min(desde) AS desde
FROM (SELECT * FROM sin_registro UNION ALL SELECT * FROM por_subir) AS todo
GROUP BY empresa, fecha
ORDER BY fecha, empresa
LIMIT %(limite)s
