-- After a load of this partition, a pending reject that it didn't see again is no longer pending: its PQR was
-- loaded from the newer file, or the newer file stands in the place of the row's.
UPDATE data_general.rechazos_ov r
SET estado = CASE
        WHEN EXISTS (
            SELECT FROM juicio_ov j WHERE j.puesto = 1 AND j.numero_radicado = r.numero_radicado)
        THEN 'reingresado' ELSE 'reemplazado' END
WHERE r.empresa = %(empresa)s AND r.fecha = %(fecha)s AND r.estado = 'pendiente' AND r.visto_ultimo < now();
