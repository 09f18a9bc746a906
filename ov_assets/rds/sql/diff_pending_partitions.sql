-- Which company and day have files that are not in S3 and could be brought there now? Asked of the data
-- themselves, never of a clock or of a note that somebody keeps. Oldest day first.
WITH sin_registro AS (
    SELECT empresa, fecha, count(*) AS archivos, min(fecha_creacion) AS desde
    FROM data_general.archivos_en_s3_ov(%(bucket)s)
    WHERE registro_id IS NULL
    GROUP BY empresa, fecha
),

por_subir AS (
    SELECT a.empresa, a.fecha, count(*) AS archivos, min(a.fecha_creacion) AS desde
    FROM data_general.registros_ov_s3 AS r
    JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
    WHERE r.bucket_s3 = %(bucket)s
        AND a.vigente
        AND data_general.por_subir_ov(r.estado_carga, r.arriendo_vence, r.proximo_intento)
    GROUP BY a.empresa, a.fecha
)

SELECT empresa, fecha, sum(archivos)::bigint AS archivos, min(desde) AS desde
FROM (SELECT * FROM sin_registro UNION ALL SELECT * FROM por_subir) AS todo
GROUP BY empresa, fecha
ORDER BY fecha, empresa
LIMIT %(limite)s
