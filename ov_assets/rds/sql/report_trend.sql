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
        SELECT fecha, numero_radicado, bool_and(en_s3) AS entera
        FROM data_general.archivos_en_s3_ov(%(bucket)s)
        WHERE empresa = %(empresa)s AND fecha BETWEEN %(desde)s AND %(hasta)s AND clase <> 'csv'
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
