-- name: registry_adopt
-- (no row) -> pre_existente: an object with the file's bytes is in the bucket already.
INSERT INTO data_general.registros_ov_s3 (
    archivo_id, empresa, numero_radicado, clase, fecha, nombre_archivo, hash_archivo, tamano_archivo, ruta_original,
    tipo_archivo, bucket_s3, clave_s3, url_s3, region_s3, estado_carga, origen_carga,
    procesado, sincronizado_bd, intentos_carga, fecha_carga, etag, verificado_en
)
SELECT
    a.id, a.empresa, a.numero_radicado, a.clase, a.fecha, a.nombre, a.hash_archivo, a.tamano, a.ruta_local,
    substring(lower(p.clave) FROM '[.]([a-z0-9]{1,10})$'), %(bucket)s, p.clave,
    's3://' || %(bucket)s || '/' || p.clave, %(region)s, 'pre_existente', 'pre_existente',
    true, true, 0, NULL, p.etag, now()
FROM unnest(%(archivos)s::bigint[], %(claves)s::text[], %(etags)s::text[]) AS p (archivo_id, clave, etag)
JOIN data_general.archivos_ov AS a ON a.id = p.archivo_id
ON CONFLICT DO NOTHING

-- name: registry_altered_in_s3
-- subido | pre_existente -> conflicto: the bucket holds other bytes than those that were registered.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'conflicto', ultimo_error = h.detalle, sincronizado_bd = false, fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id
    AND r.estado_carga IN ('subido', 'pre_existente')
    AND coalesce(r.verificado_en, '-infinity') < %(listado_en)s

-- name: registry_claim
-- pendiente | falta_s3 | error (due) | subiendo (expired, or its owner is dead) -> subiendo
-- SKIP LOCKED: two uploaders at once get different rows. Only files that are current are taken.
WITH elegibles AS (
    SELECT r.id, a.tamano, a.ruta_local
    FROM data_general.archivos_ov AS a
    JOIN data_general.registros_ov_s3 AS r ON r.archivo_id = a.id
    WHERE a.empresa = %(empresa)s
        AND a.fecha = %(fecha)s
        AND a.vigente
        AND r.bucket_s3 = %(bucket)s
        AND (
            data_general.por_subir_ov(r.estado_carga, r.arriendo_vence, r.proximo_intento)
            OR (%(reclamar)s AND r.estado_carga = 'subiendo' AND r.arrendado_por IS DISTINCT FROM %(dueno)s)
        )
    ORDER BY r.id
    LIMIT %(limite)s
    FOR UPDATE OF r SKIP LOCKED
)
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'subiendo',
    arrendado_por = %(dueno)s,
    arriendo_vence = now() + make_interval(secs => %(segundos)s),
    fecha = %(fecha)s,
    proximo_intento = NULL,
    intentos_carga = coalesce(r.intentos_carga, 0) + 1,
    fecha_actualizacion = now()
FROM elegibles AS e
WHERE r.id = e.id
RETURNING
    r.id, r.clave_s3, r.numero_radicado, r.clase, r.nombre_archivo, r.hash_archivo,
    e.tamano, e.ruta_local

-- name: registry_conflict
-- subiendo, held by this owner -> conflicto: the key holds other bytes; a person decides.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'conflicto',
    ultimo_error = h.detalle,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s

-- name: registry_error
-- subiendo, held by this owner -> error
-- The next try waits twice as long each time, up to a limit; an error that another try will not mend, long.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'error',
    ultimo_error = CASE WHEN h.permanente THEN 'permanente: ' ELSE '' END || h.detalle,
    proximo_intento = now() + make_interval(secs => CASE
        WHEN h.permanente THEN %(espera_permanente)s::float8
        ELSE least(
            %(espera_maxima)s::float8,
            %(espera_inicial)s::float8 * 2 ^ least(greatest(coalesce(r.intentos_carga, 1) - 1, 0), 30)
        )
    END),
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[], %(permanentes)s::boolean[])
    AS h (id, detalle, permanente)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s

-- name: registry_gone
-- pendiente | error | falta_s3 -> falta_local: seen by the diff, before anybody claims it.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_local', ultimo_error = 'no_esta_en_disco', fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[]) AND estado_carga IN ('pendiente', 'error', 'falta_s3')

-- name: registry_keys
-- Which of these keys a row has, be it of a file or only a note about an object.
SELECT clave_s3
FROM data_general.registros_ov_s3
WHERE bucket_s3 = %(bucket)s AND clave_s3 = ANY(%(claves)s::text[])

-- name: registry_missing_in_s3
-- subido | pre_existente | conflicto -> falta_s3: registered, but the bucket has nothing at the key.
-- A row that was verified after the listing began is left alone: the listing may be too old to know.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'falta_s3',
    requiere_resubida = true,
    sincronizado_bd = false,
    proximo_intento = NULL,
    fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[])
    AND estado_carga IN ('subido', 'pre_existente', 'conflicto')
    AND coalesce(verificado_en, '-infinity') < %(listado_en)s

-- name: registry_missing_local
-- subiendo, held by this owner -> falta_local: the file is gone from disk, or altered.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'falta_local',
    ultimo_error = h.detalle,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[]) AS h (id, detalle)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s

-- name: registry_plan
-- (no row) -> pendiente, or falta_local when the file is already gone from disk.
-- Safe to run twice and by two at once: a file has one row in a bucket, a key has one row.
INSERT INTO data_general.registros_ov_s3 (
    archivo_id, empresa, numero_radicado, clase, fecha, nombre_archivo, hash_archivo, tamano_archivo, ruta_original,
    tipo_archivo, bucket_s3, clave_s3, url_s3, region_s3, estado_carga, origen_carga,
    procesado, sincronizado_bd, intentos_carga, fecha_carga
)
SELECT
    a.id, a.empresa, a.numero_radicado, a.clase, a.fecha, a.nombre, a.hash_archivo, a.tamano, a.ruta_local,
    substring(p.clave FROM '[.]([a-z0-9]{1,10})$'), %(bucket)s, p.clave,
    's3://' || %(bucket)s || '/' || p.clave, %(region)s, p.estado, 'bot',
    false, false, 0, NULL
FROM unnest(%(archivos)s::bigint[], %(claves)s::text[], %(estados)s::text[]) AS p (archivo_id, clave, estado)
JOIN data_general.archivos_ov AS a ON a.id = p.archivo_id
ON CONFLICT DO NOTHING

-- name: registry_release
-- subiendo, held by this owner -> pendiente: it gives back what it did not get to.
UPDATE data_general.registros_ov_s3
SET estado_carga = 'pendiente', arrendado_por = NULL, arriendo_vence = NULL, fecha_actualizacion = now()
WHERE estado_carga = 'subiendo' AND arrendado_por = %(dueno)s AND bucket_s3 = %(bucket)s

-- name: registry_requeue
-- falta_local (the file is back on disk) | conflicto, error (a person settled it) -> pendiente
UPDATE data_general.registros_ov_s3
SET estado_carga = 'pendiente', proximo_intento = NULL, fecha_actualizacion = now()
WHERE id = ANY(%(ids)s::bigint[]) AND estado_carga IN ('falta_local', 'conflicto', 'error')

-- name: registry_uploaded
-- subiendo, held by this owner -> subido
-- An object that was there at the first attempt was in the bucket before; at a later one it is our own.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'subido',
    origen_carga = CASE
        WHEN h.ya_estaba AND coalesce(r.intentos_carga, 0) <= 1 THEN 'pre_existente' ELSE 'bot'
    END,
    etag = h.etag,
    tipo_contenido = h.tipo_contenido,
    procesado = true,
    sincronizado_bd = true,
    requiere_resubida = false,
    ultimo_error = NULL,
    proximo_intento = NULL,
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_carga = now(),
    verificado_en = now(),
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(etags)s::text[], %(tipos)s::text[], %(ya_estaban)s::boolean[])
    AS h (id, etag, tipo_contenido, ya_estaba)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s

-- name: requeue_parked
-- Rows that wait for a person, or for their next try. A permanent error is told by a prefix of its text.
-- The day is the file's, as for whoever uploads it: a row keeps the day on which it was last tried.
SELECT
    r.id, r.empresa, a.fecha, r.clave_s3, r.estado_carga,
    coalesce(regexp_replace(r.ultimo_error, '^permanente: ', ''), '') AS motivo
FROM data_general.registros_ov_s3 AS r
JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
WHERE r.bucket_s3 = %(bucket)s
    AND r.estado_carga = %(estado)s
    AND (%(empresa)s::text IS NULL OR r.empresa = %(empresa)s)
    AND (%(desde)s::date IS NULL OR a.fecha >= %(desde)s)
    AND (%(hasta)s::date IS NULL OR a.fecha <= %(hasta)s)
    AND starts_with(coalesce(regexp_replace(r.ultimo_error, '^permanente: ', ''), ''), %(motivo)s)
ORDER BY a.fecha, r.empresa, r.clave_s3
