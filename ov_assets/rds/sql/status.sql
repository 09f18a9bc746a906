WITH dia AS (
    SELECT d::date AS fecha FROM generate_series(%(desde)s::date, %(hasta)s::date, interval '1 day') AS d
), listada AS (
    -- By radicado, not by subtracting counts: a row whose PQR left the list would make up for one that lacks.
    SELECT
        l.fecha_dia AS fecha,
        count(*) AS n,
        count(*) FILTER (WHERE EXISTS (
            SELECT FROM {tabla} t WHERE t.numero_radicado = l.numero_radicado)) AS en_rds,
        count(*) FILTER (WHERE
            NOT EXISTS (SELECT FROM {tabla} t WHERE t.numero_radicado = l.numero_radicado)
            AND NOT EXISTS (
                SELECT FROM data_general.rechazos_ov q
                WHERE q.empresa = l.empresa AND q.numero_radicado = l.numero_radicado
                  AND q.estado = 'pendiente')) AS sin_cargar
    FROM data_general.listado_ov l
    WHERE l.empresa = %(empresa)s AND l.fecha_dia BETWEEN %(desde)s AND %(hasta)s AND l.presente
    GROUP BY 1
), cargada AS (
    SELECT fecha::date AS fecha, count(*) AS n
    FROM {tabla}
    WHERE fecha >= %(desde)s::date AND fecha < %(hasta)s::date + 1
    GROUP BY 1
), rechazada AS (
    SELECT fecha, count(*) AS n
    FROM data_general.rechazos_ov
    WHERE empresa = %(empresa)s AND fecha BETWEEN %(desde)s AND %(hasta)s AND estado = 'pendiente'
    GROUP BY 1
), archivo AS (
    SELECT fecha, count(*) AS n, count(*) FILTER (WHERE en_s3) AS subidos
    FROM data_general.archivos_en_s3_ov(%(bucket)s)
    WHERE empresa = %(empresa)s AND fecha BETWEEN %(desde)s AND %(hasta)s
    GROUP BY 1
), registro AS (
    SELECT fecha, jsonb_object_agg(estado_carga, n) AS por_estado
    FROM (
        SELECT fecha, estado_carga, count(*) AS n
        FROM data_general.archivos_en_s3_ov(%(bucket)s)
        WHERE empresa = %(empresa)s AND fecha BETWEEN %(desde)s AND %(hasta)s AND registro_id IS NOT NULL
        GROUP BY 1, 2
    ) AS por_fecha
    GROUP BY 1
)
SELECT
    fecha,
    COALESCE(listada.n, 0),
    COALESCE(listada.en_rds, 0),
    COALESCE(listada.sin_cargar, 0),
    COALESCE(cargada.n, 0),
    COALESCE(rechazada.n, 0),
    COALESCE(archivo.n, 0),
    COALESCE(archivo.subidos, 0),
    COALESCE(archivo.n - archivo.subidos, 0),
    COALESCE(registro.por_estado, '{{}}'::jsonb)
FROM dia
LEFT JOIN listada USING (fecha)
LEFT JOIN cargada USING (fecha)
LEFT JOIN rechazada USING (fecha)
LEFT JOIN archivo USING (fecha)
LEFT JOIN registro USING (fecha)
ORDER BY fecha;
