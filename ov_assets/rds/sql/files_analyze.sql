ANALYZE lote_ov (numero_radicado, clase, nombre, hash_archivo);
