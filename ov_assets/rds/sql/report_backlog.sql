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
