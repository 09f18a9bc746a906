SELECT hash_archivo, hash_rechazos, filas, duplicadas, rechazadas
FROM data_general.cargas_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s
ORDER BY cargado_en DESC, id DESC
LIMIT 1;
