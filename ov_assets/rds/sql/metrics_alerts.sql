SELECT gravedad, count(*)
FROM data_general.alertas_ov
WHERE cerrada_en IS NULL AND gravedad <> 'informe'
GROUP BY gravedad;
