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
