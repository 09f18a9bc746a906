SELECT id, clave, clase, gravedad, empresa, fecha, titulo, mensaje, veces, abierta_en, vista_ultimo, cerrada_en
FROM data_general.alertas_ov
WHERE cerrada_en IS NULL
ORDER BY abierta_en, id;
