-- The keys of one company and day at which objects should be and that a listing of these prefixes doesn't show:
-- adopted ones, and those of another layout.
SELECT clave_s3
FROM data_general.archivos_en_s3_ov(%(bucket)s) AS a
WHERE empresa = %(empresa)s
    AND fecha = %(fecha)s
    AND (en_s3 OR estado_carga = 'conflicto')
    AND NOT EXISTS (
        SELECT FROM unnest(%(prefijos)s::text[]) AS p (prefijo) WHERE starts_with(a.clave_s3, prefijo))
