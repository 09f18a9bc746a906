-- Whether the table still holds what an earlier load of this very file, staged again now, left in it.
WITH fila AS MATERIALIZED (
    SELECT
        c.numero_radicado,
        c.hash_registro,
        CASE
            WHEN %(integro)s THEN c.extraido_en::timestamptz
            ELSE data_general.instante_ov(c.extraido_en)
        END AS extraido_en,
        t.hash_registro AS hash_tabla,
        t.extraido_en AS visto
    FROM carga_ov c
    LEFT JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
    WHERE c.linea NOT IN (
        SELECT r.linea
        FROM data_general.rechazos_ov r
        WHERE r.empresa = %(empresa)s AND r.fecha = %(fecha)s AND r.archivo_hash = %(archivo_hash)s
          AND r.estado = 'pendiente')
), ajena AS (
    -- Rows that the table neither says nor has from a later capture, but for the duplicates of a row that it
    -- does say and that beats them.
    SELECT 1
    FROM fila f
    WHERE (f.visto > f.extraido_en OR (f.hash_registro = f.hash_tabla AND f.visto = f.extraido_en)) IS NOT TRUE
      AND NOT EXISTS (
          SELECT FROM fila g
          WHERE g.numero_radicado = f.numero_radicado AND g.hash_registro = g.hash_tabla
            AND (g.extraido_en, g.hash_registro COLLATE "C") > (f.extraido_en, f.hash_registro COLLATE "C"))
)
SELECT
    -- Some may have been replayed since: then their rows have to be judged again as well.
    (SELECT count(*) FROM carga_ov) - (SELECT count(*) FROM fila) = %(rechazadas)s
        AND NOT EXISTS (SELECT FROM ajena),
    (SELECT count(DISTINCT f.numero_radicado)
     FROM fila f
     WHERE f.visto > f.extraido_en
       AND NOT EXISTS (
           SELECT FROM fila g WHERE g.numero_radicado = f.numero_radicado AND g.extraido_en >= g.visto));
