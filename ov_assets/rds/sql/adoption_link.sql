-- A row without a file, the predecessor's or a note -> pre_existente, with its file on record: its object has that file's bytes.
-- What the row was called before stays in metadatos. A file that has a row by now keeps that one.
UPDATE data_general.registros_ov_s3 AS r
SET archivo_id = a.id,
    numero_radicado = a.numero_radicado,
    clase = a.clase,
    fecha = a.fecha,
    nombre_archivo = a.nombre,
    ruta_original = a.ruta_local,
    hash_archivo = a.hash_archivo,
    tamano_archivo = a.tamano,
    bucket_s3 = %(bucket)s,
    estado_carga = 'pre_existente',
    etag = p.etag,
    metadatos = (CASE jsonb_typeof(r.metadatos) WHEN 'object' THEN r.metadatos ELSE '{}'::jsonb END - 'cuarentena')
        || jsonb_build_object('nombre_anterior', r.nombre_archivo),
    procesado = true,
    sincronizado_bd = true,
    requiere_resubida = false,
    ultimo_error = NULL,
    proximo_intento = NULL,
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(archivos)s::bigint[], %(etags)s::text[]) AS p (id, archivo_id, etag)
JOIN data_general.archivos_ov AS a ON a.id = p.archivo_id
WHERE r.id = p.id
    AND r.archivo_id IS NULL
    AND r.empresa = a.empresa
    AND r.estado_carga <> 'subiendo'
    AND coalesce(r.hash_archivo, a.hash_archivo) = a.hash_archivo
    AND NOT EXISTS (
        SELECT 1
        FROM data_general.registros_ov_s3 AS otro
        WHERE otro.archivo_id = a.id AND otro.bucket_s3 = %(bucket)s
    )
