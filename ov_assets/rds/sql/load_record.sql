-- clock_timestamp: a transaction that waited for its turn has an old now().
INSERT INTO data_general.cargas_ov (
    empresa, fecha, archivo, hash_archivo, hash_rechazos, filas, insertadas, actualizadas, sin_cambio,
    obsoletas, duplicadas, rechazadas, ejecucion, cargado_en)
VALUES (
    %(empresa)s, %(fecha)s, %(archivo)s, %(hash_archivo)s, %(hash_rechazos)s, %(filas)s, %(insertadas)s,
    %(actualizadas)s, %(sin_cambio)s, %(obsoletas)s, %(duplicadas)s, %(rechazadas)s, %(ejecucion)s,
    clock_timestamp())
ON CONFLICT (empresa, fecha, hash_archivo) DO UPDATE SET
    archivo = excluded.archivo,
    hash_rechazos = excluded.hash_rechazos,
    filas = excluded.filas,
    insertadas = excluded.insertadas,
    actualizadas = excluded.actualizadas,
    sin_cambio = excluded.sin_cambio,
    obsoletas = excluded.obsoletas,
    duplicadas = excluded.duplicadas,
    rechazadas = excluded.rechazadas,
    ejecucion = excluded.ejecucion,
    cargado_en = excluded.cargado_en;
