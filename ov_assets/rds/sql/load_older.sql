-- PQR that the table has from a later capture than any in the staged CSV.
SELECT c.numero_radicado
FROM carga_ov c
JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
GROUP BY c.numero_radicado
HAVING bool_and(t.extraido_en > data_general.instante_ov(c.extraido_en));
