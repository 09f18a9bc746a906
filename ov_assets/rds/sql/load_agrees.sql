-- Whether the table still holds what an earlier load of this very file, staged again now, left in it.
-- Nearly every row has its hash in the table; only for the others does time have to be read.
WITH fila AS MATERIALIZED (
    SELECT c.numero_radicado, c.hash_registro, c.extraido_en, t.hash_registro AS hash_tabla, t.extraido_en AS visto
    FROM carga_ov c
    LEFT JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
    WHERE c.linea NOT IN (
        SELECT r.linea
        FROM data_general.rechazos_ov r
        WHERE r.empresa = %(empresa)s AND r.fecha = %(fecha)s AND r.archivo_hash = %(archivo_hash)s
          AND r.estado = 'pendiente')
), ajena AS MATERIALIZED (
    -- Rows that the table doesn't say, but for the duplicates of a row that it does say and that beats them.
    SELECT f.numero_radicado, f.visto > data_general.instante_ov(f.extraido_en) AS obsoleta
    FROM fila f
    WHERE f.hash_tabla IS DISTINCT FROM f.hash_registro
      AND NOT EXISTS (
          SELECT FROM fila g
          WHERE g.numero_radicado = f.numero_radicado AND g.hash_registro = g.hash_tabla
            AND (data_general.instante_ov(g.extraido_en), g.hash_registro COLLATE "C")
              > (data_general.instante_ov(f.extraido_en), f.hash_registro COLLATE "C"))
)
SELECT
    -- Some may have been replayed since: then their rows have to be judged again as well.
    (SELECT count(*) FROM carga_ov) - (SELECT count(*) FROM fila) = %(rechazadas)s
        AND NOT EXISTS (SELECT FROM ajena WHERE obsoleta IS NOT TRUE),
    (SELECT count(DISTINCT numero_radicado) FROM ajena);
