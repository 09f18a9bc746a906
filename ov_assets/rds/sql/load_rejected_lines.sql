SELECT linea
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND archivo_hash = %(archivo_hash)s AND estado = 'pendiente';
