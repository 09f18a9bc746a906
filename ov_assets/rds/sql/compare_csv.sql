WITH fila AS MATERIALIZED (
    -- The same tiebreak among duplicates as the load's.
    SELECT DISTINCT ON (numero_radicado COLLATE "C")
        numero_radicado, hash_registro, data_general.instante_ov(extraido_en) AS extraido_en
    FROM unnest(%(radicados)s::text[], %(hashes)s::text[], %(instantes)s::text[])
        AS dada (numero_radicado, hash_registro, extraido_en)
    ORDER BY numero_radicado COLLATE "C",
        data_general.instante_ov(extraido_en) DESC NULLS LAST, hash_registro COLLATE "C" DESC
), comparada AS (
    SELECT f.numero_radicado, CASE
        WHEN t.numero_radicado IS NULL THEN 'falta'
        WHEN t.hash_registro = f.hash_registro THEN 'igual'
        WHEN t.extraido_en > f.extraido_en THEN 'mas_nueva'
        ELSE 'distinta'
    END AS clase
    FROM fila f
    LEFT JOIN {tabla} t ON t.numero_radicado = f.numero_radicado
)
SELECT
    count(*) FILTER (WHERE clase = 'igual'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'mas_nueva'), '{{}}'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'falta'), '{{}}'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'distinta'), '{{}}')
FROM comparada;
