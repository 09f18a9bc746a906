SELECT motivo, count(*)
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND archivo_hash = ANY (%(hashes)s) AND estado = 'pendiente'
GROUP BY motivo;
