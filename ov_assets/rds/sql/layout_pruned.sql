-- The old object is gone; the row forgets its key.
UPDATE data_general.registros_ov_s3 AS r
SET metadatos = CASE
        WHEN (r.metadatos -> 'claves_anteriores') - p.anteriores = '{}'::jsonb THEN r.metadatos - 'claves_anteriores'
        ELSE jsonb_set(r.metadatos, '{claves_anteriores}', (r.metadatos -> 'claves_anteriores') - p.anteriores)
    END,
    fecha_actualizacion = now()
FROM (
    SELECT id, array_agg(anterior) AS anteriores
    FROM unnest(%(ids)s::bigint[], %(anteriores)s::text[]) AS u (id, anterior)
    GROUP BY id
) AS p
WHERE r.id = p.id AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'
