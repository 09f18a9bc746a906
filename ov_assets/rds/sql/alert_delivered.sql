-- A notice reached these targets; when none is left it is out. A report of a day is closed by being out.
-- Somebody who has it now starts the silence: a target that is dead keeps nobody else from being reminded.
UPDATE data_general.alertas_ov
SET entregada_a = CASE WHEN %(completa)s THEN '{}'::text[] ELSE %(destinos)s::text[] END,
    avisada_en = CASE
        WHEN cerrada_en IS NULL AND (%(completa)s OR NOT %(destinos)s::text[] <@ entregada_a)
        THEN clock_timestamp() ELSE avisada_en END,
    cierre_avisado_en = CASE
        WHEN %(completa)s AND (cerrada_en IS NOT NULL OR gravedad = 'informe') THEN clock_timestamp()
        ELSE cierre_avisado_en END,
    cerrada_en = CASE WHEN %(completa)s AND gravedad = 'informe' THEN clock_timestamp() ELSE cerrada_en END
WHERE id = %(id)s;
