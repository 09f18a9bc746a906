-- The days of a range, from the first one on that the portal was ever asked about for that company.
SELECT e.empresa, d.dia::date, c.mirado_en, COALESCE(c.sin_capturar, '{}')
FROM unnest(%(empresas)s::text[]) AS e (empresa)
CROSS JOIN LATERAL (
    SELECT fecha AS primera FROM data_general.consultas_ov WHERE empresa = e.empresa ORDER BY fecha LIMIT 1
) AS p
CROSS JOIN LATERAL generate_series(
    greatest(p.primera, %(desde)s::date)::timestamp, %(hasta)s::date::timestamp, interval '1 day') AS d (dia)
LEFT JOIN data_general.consultas_ov c ON c.empresa = e.empresa AND c.fecha = d.dia::date
ORDER BY 1, 2;
