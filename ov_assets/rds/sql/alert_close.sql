-- open -> closed, for the keys of a recovery. One that nobody was told of needs no second notice.
UPDATE data_general.alertas_ov
SET cerrada_en = now(),
    entregada_a = '{}',
    cierre_avisado_en = CASE WHEN avisada_en IS NULL OR %(callada)s THEN now() END
WHERE cerrada_en IS NULL AND clave = ANY (%(claves)s::text[]);
