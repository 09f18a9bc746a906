SELECT j.linea, j.motivo, {columnas}
FROM juicio_ov j
JOIN carga_ov c USING (linea)
WHERE j.motivo IS NOT NULL
ORDER BY j.linea;
