-- The reason may be another one now; where a settled row has that reason already, this one keeps its own.
UPDATE data_general.rechazos_ov r
SET visto_ultimo = now(),
    detalle = CASE WHEN otro.id IS NULL THEN %(detalle)s ELSE r.detalle END,
    motivo = CASE WHEN otro.id IS NULL THEN %(motivo)s ELSE r.motivo END
FROM data_general.rechazos_ov este
LEFT JOIN data_general.rechazos_ov otro
    ON otro.empresa = este.empresa AND otro.fecha = este.fecha AND otro.archivo_hash = este.archivo_hash
    AND otro.linea = este.linea AND otro.motivo = %(motivo)s AND otro.id <> este.id
WHERE este.id = %(id)s AND r.id = este.id;
