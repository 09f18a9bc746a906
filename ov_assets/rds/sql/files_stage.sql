CREATE TEMP TABLE lote_ov (
    numero_radicado text NOT NULL,
    clase text NOT NULL,
    nombre text NOT NULL,
    hash_archivo text NOT NULL,
    tamano bigint NOT NULL,
    ruta_local text NOT NULL
) ON COMMIT DROP;
