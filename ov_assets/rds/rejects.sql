-- name: rejects_again
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

-- name: rejects_entered
UPDATE data_general.rechazos_ov SET estado = 'reingresado' WHERE id = ANY (%(ids)s);

-- name: rejects_pending
SELECT id, archivo, archivo_hash, linea, numero_radicado, motivo, detalle, fila_cifrada, visto_primero, visto_ultimo
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND estado = 'pendiente'
ORDER BY archivo, archivo_hash, linea;

-- name: rejects_record
INSERT INTO data_general.rechazos_ov AS r (
    empresa, fecha, archivo, archivo_hash, linea, numero_radicado, motivo, detalle, fila_cifrada,
    visto_primero, visto_ultimo)
VALUES (
    %(empresa)s, %(fecha)s, %(archivo)s, %(archivo_hash)s, %(linea)s, %(numero_radicado)s, %(motivo)s,
    %(detalle)s, %(fila_cifrada)s, now(), now())
ON CONFLICT (empresa, fecha, archivo_hash, linea, motivo) DO UPDATE SET
    detalle = excluded.detalle,
    fila_cifrada = COALESCE(excluded.fila_cifrada, r.fila_cifrada),
    visto_ultimo = excluded.visto_ultimo,
    estado = 'pendiente';

-- name: rejects_settle
-- After a load of this partition, a pending reject that it didn't see again is no longer pending: its PQR was
-- loaded from the newer file, or the newer file stands in the place of the row's.
UPDATE data_general.rechazos_ov r
SET estado = CASE
        WHEN EXISTS (
            SELECT FROM juicio_ov j WHERE j.puesto = 1 AND j.numero_radicado = r.numero_radicado)
        THEN 'reingresado' ELSE 'reemplazado' END
WHERE r.empresa = %(empresa)s AND r.fecha = %(fecha)s AND r.estado = 'pendiente' AND r.visto_ultimo < now();

-- name: rejects_summary
SELECT empresa, fecha, motivo, count(*), count(fila_cifrada), min(visto_primero), max(visto_ultimo)
FROM data_general.rechazos_ov
WHERE estado = 'pendiente'
    AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
    AND (%(fecha)s::date IS NULL OR fecha = %(fecha)s)
GROUP BY 1, 2, 3
ORDER BY 2, 1, 3;
