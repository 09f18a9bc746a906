SELECT empresa, fecha, motivo, count(*), count(fila_cifrada), min(visto_primero), max(visto_ultimo)
FROM data_general.rechazos_ov
WHERE estado = 'pendiente'
    AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
    AND (%(fecha)s::date IS NULL OR fecha = %(fecha)s)
GROUP BY 1, 2, 3
ORDER BY 2, 1, 3;
