-- name: listing_captured
UPDATE data_general.listado_ov AS l
SET
    huella_capturada = c.huella,
    capturado_en = c.capturado_en,
    leido_en = c.capturado_en,
    releer_en = c.releer_en,
    adjuntos_faltantes = c.faltantes
FROM unnest(
    %(radicados)s::text[], %(huellas)s::text[], %(capturados)s::timestamptz[], %(releer)s::timestamptz[],
    %(faltantes)s::jsonb[]) AS c (numero_radicado, huella, capturado_en, releer_en, faltantes)
WHERE l.empresa = %(empresa)s
    AND l.numero_radicado = c.numero_radicado
    AND (l.huella_capturada, l.capturado_en) IS DISTINCT FROM (c.huella, c.capturado_en)
    -- What an older capture saw, as that of the day under which the PQR stood before, takes nothing back.
    AND (l.huella_capturada IS DISTINCT FROM l.huella
        OR (c.huella = l.huella AND (l.capturado_en IS NULL OR l.capturado_en <= c.capturado_en)))

-- name: listing_copy
COPY lista_ov (numero_radicado, fecha, estado, huella) FROM STDIN;

-- name: listing_day
SELECT numero_radicado, fecha, estado, huella, visto_ultimo
FROM data_general.listado_ov
WHERE empresa = %(empresa)s AND fecha_dia = %(dia)s AND presente
  AND (%(estado)s::text IS NULL OR estado = %(estado)s::text)
ORDER BY numero_radicado;

-- name: listing_pending
-- Which company and day have PQR that the portal lists as finalised and that no capture has seen as they are now?
SELECT empresa, fecha_dia, count(*), min(visto_primero)
FROM data_general.listado_ov
WHERE presente AND estado = 'Finalizado' AND huella_capturada IS DISTINCT FROM huella AND fecha_dia IS NOT NULL
GROUP BY empresa, fecha_dia
ORDER BY fecha_dia, empresa
LIMIT %(limite)s

-- name: listing_record
WITH vista AS MATERIALIZED (
    -- A list that shifts while it is walked shows a row twice: the later one counts.
    SELECT DISTINCT ON (numero_radicado) numero_radicado, data_general.fecha_ov(fecha) AS fecha, estado, huella
    FROM lista_ov
    WHERE btrim(numero_radicado) <> ''
    ORDER BY numero_radicado, orden DESC
), antes AS MATERIALIZED (
    SELECT l.numero_radicado, l.huella
    FROM data_general.listado_ov l
    JOIN vista v ON l.empresa = %(empresa)s AND l.numero_radicado = v.numero_radicado
), escrita AS (
    INSERT INTO data_general.listado_ov AS l (
        empresa, numero_radicado, fecha, fecha_dia, estado, huella, visto_primero, visto_ultimo, presente)
    SELECT %(empresa)s, numero_radicado, fecha, fecha::date, estado, huella, %(visto)s, %(visto)s, true
    FROM vista
    ON CONFLICT (empresa, numero_radicado) DO UPDATE SET
        fecha = excluded.fecha,
        fecha_dia = excluded.fecha_dia,
        estado = excluded.estado,
        huella = excluded.huella,
        visto_primero = LEAST(l.visto_primero, excluded.visto_primero),
        visto_ultimo = excluded.visto_ultimo,
        presente = true
    WHERE l.visto_ultimo <= excluded.visto_ultimo
    RETURNING l.numero_radicado, l.huella
), ausente AS (
    UPDATE data_general.listado_ov l
    SET presente = false
    WHERE %(completo)s AND l.presente
      AND l.empresa = %(empresa)s AND l.fecha_dia BETWEEN %(desde)s AND %(hasta)s
      AND (%(estado)s::text IS NULL OR l.estado = %(estado)s::text)
      AND l.visto_ultimo < %(visto)s
      AND NOT EXISTS (SELECT FROM vista v WHERE v.numero_radicado = l.numero_radicado)
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM vista),
    (SELECT count(*) FROM vista v WHERE NOT EXISTS (
        SELECT FROM antes a WHERE a.numero_radicado = v.numero_radicado)),
    (SELECT count(*) FROM escrita e JOIN antes a USING (numero_radicado) WHERE a.huella <> e.huella),
    (SELECT count(*) FROM ausente),
    (SELECT count(*) FROM vista WHERE fecha IS NULL),
    (SELECT count(*) FROM lista_ov WHERE btrim(numero_radicado) = '');

-- name: listing_stage
CREATE TEMP TABLE lista_ov (
    orden bigint GENERATED ALWAYS AS IDENTITY,
    numero_radicado text,
    fecha text,
    estado text,
    huella text
) ON COMMIT DROP;

-- name: listing_unstage
DROP TABLE lista_ov;

-- name: asked_days
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

-- name: asked_record
-- An older look never overwrites a newer one.
INSERT INTO data_general.consultas_ov AS c (empresa, fecha, mirado_en, sin_capturar)
VALUES (%(empresa)s, %(fecha)s, %(mirado_en)s, %(sin_capturar)s)
ON CONFLICT (empresa, fecha) DO UPDATE SET
    mirado_en = excluded.mirado_en,
    sin_capturar = excluded.sin_capturar
WHERE c.mirado_en <= excluded.mirado_en;
