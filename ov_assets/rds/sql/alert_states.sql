-- What people have to settle: objects in conflict and rows in quarantine, by company.
SELECT empresa, sum(conflictos)::bigint, sum(cuarentena)::bigint
FROM (
    SELECT empresa, 1 AS conflictos, 0 AS cuarentena
    FROM data_general.registros_ov_s3 WHERE estado_carga = 'conflicto'
    UNION ALL
    SELECT empresa, 0, 1 FROM data_general.rechazos_ov WHERE estado = 'pendiente'
) AS todo
GROUP BY empresa;
