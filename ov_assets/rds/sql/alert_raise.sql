-- (nothing) -> open, or seen once more. The texts are those of the newest sight. After its silence it is for
-- everybody again, also while a target is dead.
INSERT INTO data_general.alertas_ov (clave, clase, gravedad, empresa, fecha, titulo, mensaje, silencio)
VALUES (%(clave)s, %(clase)s, %(gravedad)s, %(empresa)s, %(fecha)s, %(titulo)s, %(mensaje)s, %(silencio)s)
ON CONFLICT (clave) WHERE cerrada_en IS NULL DO UPDATE SET
    veces = alertas_ov.veces + 1,
    vista_ultimo = now(),
    entregada_a = CASE
        WHEN alertas_ov.avisada_en + alertas_ov.silencio <= now() THEN '{}' ELSE alertas_ov.entregada_a END,
    gravedad = excluded.gravedad,
    titulo = excluded.titulo,
    mensaje = excluded.mensaje;
