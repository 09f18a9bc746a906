-- One row a day, oldest first: PQR listed, PQR in the table, PQR whose every current file is in S3.
WITH dia AS (
    SELECT d::date AS fecha FROM generate_series(%(desde)s::date, %(hasta)s::date, interval '1 day') AS d
), listada AS (
    SELECT fecha_dia AS fecha, count(*) AS n
    FROM data_general.listado_ov
    WHERE empresa = %(empresa)s AND fecha_dia BETWEEN %(desde)s AND %(hasta)s AND presente
        AND estado = 'Finalizado'
    GROUP BY 1
), cargada AS (
    SELECT fecha::date AS fecha, count(*) AS n
    FROM {tabla}
    WHERE fecha >= %(desde)s::date AND fecha < %(hasta)s::date + 1
    GROUP BY 1
), archivada AS (
    SELECT fecha, count(*) FILTER (WHERE entera) AS n
    FROM (
        SELECT a.fecha, a.numero_radicado, bool_and(EXISTS (
            SELECT FROM data_general.registros_ov_s3 AS r
            WHERE r.empresa = a.empresa AND r.numero_radicado = a.numero_radicado AND r.clase = a.clase
              AND r.hash_archivo = a.hash_archivo AND r.nombre_archivo = a.nombre
              AND r.estado_carga IN ('subido', 'pre_existente')
        )) AS entera
        FROM data_general.archivos_ov AS a
        WHERE a.empresa = %(empresa)s AND a.fecha BETWEEN %(desde)s AND %(hasta)s AND a.vigente
          AND a.clase <> 'csv'
        GROUP BY 1, 2
    ) AS pqr
    GROUP BY 1
)
SELECT fecha, COALESCE(listada.n, 0), COALESCE(cargada.n, 0), COALESCE(archivada.n, 0)
FROM dia
LEFT JOIN listada USING (fecha)
LEFT JOIN cargada USING (fecha)
LEFT JOIN archivada USING (fecha)
ORDER BY fecha;
