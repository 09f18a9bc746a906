-- An older look never overwrites a newer one.
INSERT INTO data_general.consultas_ov AS c (empresa, fecha, mirado_en, sin_capturar)
VALUES (%(empresa)s, %(fecha)s, %(mirado_en)s, %(sin_capturar)s)
ON CONFLICT (empresa, fecha) DO UPDATE SET
    mirado_en = excluded.mirado_en,
    sin_capturar = excluded.sin_capturar
WHERE c.mirado_en <= excluded.mirado_en;
