-- name: rereads_due
-- What is due to be read again, one row for the PQR of a day that are alike. A rejected one isn't in the table.
SELECT
    l.fecha_dia,
    l.adjuntos_faltantes <> '[]' AS sin_adjunto,
    t.numero_radicado IS NOT NULL AND t.numero_reclamo_sgc IS NULL AS sin_reclamo,
    array_agg(l.numero_radicado ORDER BY l.numero_radicado)
FROM data_general.listado_ov AS l
LEFT JOIN {tabla} AS t ON t.numero_radicado = l.numero_radicado
WHERE l.empresa = %(empresa)s AND l.presente AND l.releer_en <= %(ahora)s AND l.fecha_dia IS NOT NULL
    AND (%(dia)s::date IS NULL OR l.fecha_dia = %(dia)s::date)
GROUP BY 1, 2, 3;

-- name: rereads_note
UPDATE data_general.listado_ov AS l
SET leido_en = coalesce(c.leido_en, l.leido_en), releer_en = c.releer_en
FROM unnest(%(radicados)s::text[], %(leidos)s::timestamptz[], %(releer)s::timestamptz[])
    AS c (numero_radicado, leido_en, releer_en)
WHERE l.empresa = %(empresa)s AND l.numero_radicado = c.numero_radicado
    AND (l.leido_en < c.leido_en) IS NOT FALSE;

-- name: rereads_spend
INSERT INTO data_general.relecturas_ov AS r (empresa, dia, releidas)
VALUES (%(empresa)s, %(dia)s, %(releidas)s)
ON CONFLICT (empresa, dia) DO UPDATE SET releidas = r.releidas + excluded.releidas;

-- name: rereads_spent
SELECT coalesce(sum(releidas), 0)
FROM data_general.relecturas_ov
WHERE empresa = %(empresa)s AND dia = %(dia)s;
