SELECT numero_radicado, fecha, estado, huella, visto_ultimo
FROM data_general.listado_ov
WHERE empresa = %(empresa)s AND fecha_dia = %(dia)s AND presente
  AND (%(estado)s::text IS NULL OR estado = %(estado)s::text)
ORDER BY numero_radicado;
