-- PQR listed on this day and on the same weekday of the weeks before it, newest first.
SELECT count(l.numero_radicado)
FROM generate_series(0, %(semanas)s) AS k
LEFT JOIN data_general.listado_ov AS l
    ON l.empresa = %(empresa)s AND l.presente AND l.fecha_dia = %(fecha)s::date - 7 * k
GROUP BY k
ORDER BY k;
