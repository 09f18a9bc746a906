SELECT id, archivo, archivo_hash, linea, numero_radicado, motivo, detalle, fila_cifrada, visto_primero, visto_ultimo
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND estado = 'pendiente'
ORDER BY archivo, archivo_hash, linea;
