COPY lote_ov (numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local) FROM STDIN;
