-- name: reconcile_conflict
-- any state but a living lease -> conflicto: the key holds other bytes than the row says; a person decides.
-- A row that was verified after the reading began is left alone.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'conflicto',
    ultimo_error = h.detalle,
    sincronizado_bd = false,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id
    AND r.estado_carga <> 'conflicto'
    AND NOT (r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false))
    AND coalesce(r.verificado_en, '-infinity') < %(leido_en)s

-- name: reconcile_files
-- Current files on record without a row in the registry of this bucket.
SELECT archivo_id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha
FROM data_general.archivos_en_s3_ov(%(bucket)s)
WHERE registro_id IS NULL
    AND (%(empresa)s::text IS NULL OR empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR fecha >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR fecha <= %(hasta)s)
    AND (%(resto)s::int IS NULL OR mod(fecha - %(origen)s::date, 7) = %(resto)s)

-- name: reconcile_gone
-- pendiente | error | falta_s3 -> falta_local: the file is not on disk.
-- A row that another transaction changed after the reading began is left alone.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_local', ultimo_error = 'no_esta_en_disco', fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[])
    AND estado_carga IN ('pendiente', 'error', 'falta_s3')
    AND (coalesce(fecha_actualizacion, '-infinity') < %(leido_en)s OR fecha_actualizacion = now())

-- name: reconcile_known
-- Which of these keys does any row know, and which did a migration leave behind until they are pruned?
SELECT r.clave_s3, false AS anterior
FROM data_general.registros_ov_s3 AS r
WHERE (r.bucket_s3 = %(bucket)s OR r.bucket_s3 IS NULL) AND r.clave_s3 = ANY(%(claves)s::text[])
UNION
SELECT c.clave, true
FROM data_general.registros_ov_s3 AS r
CROSS JOIN LATERAL jsonb_object_keys(r.metadatos -> 'claves_anteriores') AS c (clave)
WHERE r.bucket_s3 = %(bucket)s
    AND jsonb_typeof(r.metadatos -> 'claves_anteriores') = 'object'
    AND c.clave = ANY(%(claves)s::text[])

-- name: reconcile_rows
-- The registry of a bucket, each row with its file on record if it has one.
-- The predecessor's bulk script left bucket_s3 out; there was one bucket then, and this is it.
SELECT
    r.id, r.empresa, r.clave_s3, r.estado_carga, r.hash_archivo,
    coalesce(a.tamano, r.tamano_archivo) AS tamano_archivo,
    r.etag, r.numero_radicado, r.numero_reclamo_sgc,
    a.id AS archivo_id, a.ruta_local,
    coalesce(a.vigente, false) AS vigente,
    r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false) AS en_curso,
    coalesce(r.metadatos, '{}'::jsonb) ? 'cuarentena' AS en_cuarentena,
    -- Set when the bucket no longer showed what it had, until it is back.
    coalesce(r.requiere_resubida, false) AS perdido,
    -- Nothing says that its object was ever seen. Of the predecessor's rows, fecha_carga is when they were written.
    r.archivo_id IS NULL
        AND r.estado_carga IN ('pendiente', 'subiendo', 'error', 'falta_local')
        AND r.etag IS NULL
        AND r.verificado_en IS NULL
        AND (r.estado_carga <> 'falta_local' OR r.fecha_carga IS NULL) AS solo_plan
FROM data_general.registros_ov_s3 AS r
LEFT JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE (
        r.bucket_s3 = %(bucket)s
        -- One row speaks for an object: without a bucket only where no other one does.
        OR r.bucket_s3 IS NULL AND NOT EXISTS (
            SELECT FROM data_general.registros_ov_s3 AS gemela
            WHERE gemela.clave_s3 = r.clave_s3
                AND (gemela.bucket_s3 = %(bucket)s OR (gemela.bucket_s3 IS NULL AND gemela.id < r.id))
        )
    )
    AND (%(empresa)s::text IS NULL OR r.empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR coalesce(a.fecha, r.fecha) >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR coalesce(a.fecha, r.fecha) <= %(hasta)s)
    AND (%(resto)s::int IS NULL OR mod(coalesce(a.fecha, r.fecha) - %(origen)s::date, 7) = %(resto)s)

-- name: reconcile_seen
-- Not settled, or settled without a verified ETag -> the object at the key has the row's bytes.
-- A row under a living lease belongs to its uploader.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = CASE WHEN r.estado_carga = 'pre_existente' THEN 'pre_existente' ELSE 'subido' END,
    bucket_s3 = %(bucket)s,
    etag = h.etag,
    hash_archivo = h.hash,
    tamano_archivo = h.tamano,
    procesado = true,
    sincronizado_bd = true,
    requiere_resubida = false,
    ultimo_error = NULL,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_carga = coalesce(r.fecha_carga, now()),
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(etags)s::text[], %(hashes)s::text[], %(tamanos)s::bigint[])
    AS h (id, etag, hash, tamano)
WHERE r.id = h.id
    AND coalesce(r.hash_archivo, h.hash) = h.hash
    AND NOT (r.estado_carga = 'subiendo' AND coalesce(r.arriendo_vence >= now(), false))
