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
