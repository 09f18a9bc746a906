-- Which company and day have PQR that the portal lists as finalised and that no capture has seen as they are now?
SELECT empresa, fecha_dia, count(*), min(visto_primero)
FROM data_general.listado_ov
WHERE presente AND estado = 'Finalizado' AND huella_capturada IS DISTINCT FROM huella AND fecha_dia IS NOT NULL
GROUP BY empresa, fecha_dia
ORDER BY fecha_dia, empresa
LIMIT %(limite)s
