SELECT COALESCE(numero_radicado, ''), motivo
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND estado = 'pendiente'
ORDER BY 1, 2
LIMIT %(limite)s;
