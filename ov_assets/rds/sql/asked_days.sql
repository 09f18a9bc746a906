-- The days of a range, from the first one on that the portal was asked about for that company.
SELECT e.empresa, d.dia::date, c.mirado_en, COALESCE(c.sin_capturar, '{}')
FROM unnest(%(empresas)s::text[]) AS e (empresa)
CROSS JOIN LATERAL (
    SELECT min(fecha) AS primera
    FROM data_general.consultas_ov
    WHERE empresa = e.empresa AND fecha BETWEEN %(desde)s::date AND %(hasta)s::date
) AS p
CROSS JOIN LATERAL generate_series(p.primera::timestamp, %(hasta)s::date::timestamp, interval '1 day') AS d (dia)
LEFT JOIN data_general.consultas_ov c ON c.empresa = e.empresa AND c.fecha = d.dia::date
ORDER BY 1, 2;
