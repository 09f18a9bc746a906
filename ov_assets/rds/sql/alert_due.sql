-- The next notice to send: a new alert, one that not every target has, one seen again after its silence, or the
-- end of one that was told of.
-- Locked until it is out, so that two machines never send the same.
SELECT id, clave, clase, gravedad, empresa, fecha, titulo, mensaje, veces, abierta_en, vista_ultimo, cerrada_en,
    entregada_a
FROM data_general.alertas_ov
WHERE id > %(despues)s
    AND CASE
        WHEN cerrada_en IS NOT NULL THEN cierre_avisado_en IS NULL
        ELSE avisada_en IS NULL OR entregada_a <> '{}'
            OR (vista_ultimo > avisada_en AND avisada_en + silencio <= now())
    END
ORDER BY id
LIMIT 1
FOR UPDATE SKIP LOCKED;
