-- PQR that the table has from a later capture than any in the staged CSV, and with other content.
SELECT c.numero_radicado
FROM carga_ov c
JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
GROUP BY c.numero_radicado
HAVING bool_and(
    t.hash_registro <> c.hash_registro AND t.extraido_en > data_general.instante_ov(c.extraido_en));
