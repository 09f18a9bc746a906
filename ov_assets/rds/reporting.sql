-- name: report_backlog
-- What has been known of for how long without having arrived: PQR listed but not in the table nor in
-- quarantine, and current files that no verified object stands for.
SELECT
    count(*) FILTER (WHERE clase = 'pqr'),
    count(*) FILTER (WHERE clase = 'archivo'),
    min(desde)
FROM (
    SELECT 'pqr' AS clase, l.visto_primero AS desde
    FROM data_general.listado_ov AS l
    WHERE l.empresa = %(empresa)s AND l.presente AND l.estado = 'Finalizado'
        AND NOT EXISTS (SELECT FROM {tabla} AS t WHERE t.numero_radicado = l.numero_radicado)
        AND NOT EXISTS (
            SELECT FROM data_general.rechazos_ov AS q
            WHERE q.empresa = l.empresa AND q.numero_radicado = l.numero_radicado AND q.estado = 'pendiente')
    UNION ALL
    SELECT 'archivo', fecha_creacion
    FROM data_general.archivos_en_s3_ov(%(bucket)s)
    WHERE empresa = %(empresa)s AND NOT en_s3
) AS atraso;

-- name: report_quarantine
SELECT COALESCE(numero_radicado, ''), motivo
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND estado = 'pendiente'
ORDER BY 1, 2
LIMIT %(limite)s;

-- name: report_trend
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
    -- A PQR that lacks a file isn't whole, though every file that it has is there.
    WHERE NOT EXISTS (
        SELECT FROM data_general.listado_ov AS l
        WHERE l.empresa = %(empresa)s AND l.numero_radicado = pqr.numero_radicado
            AND l.presente AND l.adjuntos_faltantes <> '[]')
    GROUP BY 1
)
SELECT fecha, COALESCE(listada.n, 0), COALESCE(cargada.n, 0), COALESCE(archivada.n, 0)
FROM dia
LEFT JOIN listada USING (fecha)
LEFT JOIN cargada USING (fecha)
LEFT JOIN archivada USING (fecha)
ORDER BY fecha;

-- name: report_weekdays
-- PQR listed on this day and on the same weekday of the weeks before it, newest first.
SELECT count(l.numero_radicado)
FROM generate_series(0, %(semanas)s) AS k
LEFT JOIN data_general.listado_ov AS l
    ON l.empresa = %(empresa)s AND l.presente AND l.fecha_dia = %(fecha)s::date - 7 * k
GROUP BY k
ORDER BY k;

-- name: metrics_alerts
SELECT gravedad, count(*)
FROM data_general.alertas_ov
WHERE cerrada_en IS NULL AND gravedad <> 'informe'
GROUP BY gravedad;

-- name: metrics_states
SELECT empresa, estado_carga, count(*), COALESCE(sum(tamano_archivo), 0)::bigint
FROM data_general.registros_ov_s3
GROUP BY empresa, estado_carga;

-- name: status
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
                  AND q.estado = 'pendiente')) AS sin_cargar,
        jsonb_object_agg(l.numero_radicado, l.adjuntos_faltantes)
            FILTER (WHERE l.adjuntos_faltantes <> '[]') AS faltantes
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
    COALESCE(registro.por_estado, '{{}}'::jsonb),
    COALESCE(listada.faltantes, '{{}}'::jsonb)
FROM dia
LEFT JOIN listada USING (fecha)
LEFT JOIN cargada USING (fecha)
LEFT JOIN rechazada USING (fecha)
LEFT JOIN archivo USING (fecha)
LEFT JOIN registro USING (fecha)
ORDER BY fecha;
