-- What is to be settled, by company: objects in conflict, rows in quarantine, and files whose object went from
-- the bucket and isn't back.
SELECT
    empresa,
    count(*) FILTER (WHERE que = 'conflicto'),
    count(*) FILTER (WHERE que = 'cuarentena'),
    count(*) FILTER (WHERE que = 'perdido')
FROM (
    SELECT empresa, 'conflicto' AS que
    FROM data_general.registros_ov_s3 WHERE estado_carga = 'conflicto'
    UNION ALL
    SELECT empresa, 'cuarentena' FROM data_general.rechazos_ov WHERE estado = 'pendiente'
    UNION ALL
    SELECT r.empresa, 'perdido'
    FROM data_general.registros_ov_s3 AS r
    JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
    WHERE r.requiere_resubida
        AND a.vigente
        AND r.estado_carga IN ('falta_s3', 'falta_local', 'pendiente', 'error', 'subiendo')
) AS todo
GROUP BY empresa;
