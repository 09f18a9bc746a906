-- name: adoption_claims
-- What a claim was called -> the radicados that may be meant. Two identifiers, never mixed up: a number that is
-- the radicado of one PQR and the SGC of another gives both, and then it is not a proof.
SELECT numero_radicado AS numero, numero_radicado
FROM {tabla}
WHERE numero_radicado = ANY(%(numeros)s::text[])
UNION
SELECT numero_reclamo_sgc, numero_radicado
FROM {tabla}
WHERE numero_reclamo_sgc = ANY(%(numeros)s::text[])

-- name: adoption_files
-- Every current file without a row that has one of these hashes, of whatever day: each may be the one meant.
SELECT archivo_id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha
FROM data_general.archivos_en_s3_ov(%(bucket)s)
WHERE empresa = %(empresa)s AND hash_archivo = ANY(%(hashes)s::text[]) AND registro_id IS NULL

-- name: adoption_link
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
FROM (
    SELECT DISTINCT ON (archivo_id) *
    FROM unnest(%(ids)s::bigint[], %(archivos)s::bigint[], %(etags)s::text[]) AS dado (id, archivo_id, etag)
    ORDER BY archivo_id, id
) AS p
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

-- name: adoption_note
-- (no row) -> a row without a file, so that no object is unknown: another copy of what is registered
-- (pre_existente), or one that is nobody's, of which a copy is in the quarantine (conflicto: a person decides).
INSERT INTO data_general.registros_ov_s3 (
    empresa, nombre_archivo, hash_archivo, tamano_archivo, tipo_archivo, bucket_s3, clave_s3, url_s3, region_s3,
    estado_carga, origen_carga, procesado, sincronizado_bd, intentos_carga, fecha_carga, etag, verificado_en,
    observaciones, metadatos
)
SELECT
    n.empresa, regexp_replace(n.clave, '^.*/', ''), n.hash, n.tamano,
    substring(lower(n.clave) FROM '[.]([a-z0-9]{1,10})$'), %(bucket)s, n.clave,
    's3://' || %(bucket)s || '/' || n.clave, %(region)s,
    CASE WHEN n.cuarentena IS NULL THEN 'pre_existente' ELSE 'conflicto' END, 'pre_existente',
    true, true, 0, NULL, n.etag, now(),
    n.motivo,
    CASE WHEN n.cuarentena IS NOT NULL THEN jsonb_build_object('cuarentena', n.cuarentena) END
FROM unnest(
    %(empresas)s::text[], %(claves)s::text[], %(hashes)s::text[], %(tamanos)s::bigint[], %(etags)s::text[],
    %(motivos)s::text[], %(cuarentenas)s::text[]
) AS n (empresa, clave, hash, tamano, etag, motivo, cuarentena)
ON CONFLICT (bucket_s3, clave_s3) DO NOTHING

-- name: adoption_rows
-- Rows without a file that have the hash of a file of this day that has no row. Next to nothing, as a rule.
SELECT DISTINCT
    r.id, r.empresa, r.clave_s3, r.estado_carga, r.hash_archivo, r.tamano_archivo, r.etag, r.numero_radicado,
    r.numero_reclamo_sgc,
    NULL::bigint AS archivo_id, NULL::text AS ruta_local, false AS vigente, false AS en_curso,
    false AS en_cuarentena, false AS perdido, false AS solo_plan
FROM data_general.archivos_en_s3_ov(%(bucket)s) AS a
JOIN data_general.registros_ov_s3 AS r
    ON r.hash_archivo = a.hash_archivo
    AND r.empresa = a.empresa
    AND r.archivo_id IS NULL
    AND r.numero_radicado IS NULL
WHERE a.empresa = %(empresa)s
    AND a.fecha = %(fecha)s
    AND a.registro_id IS NULL
    -- One row speaks for an object: without a bucket only where no other one does.
    AND (
        r.bucket_s3 = %(bucket)s
        OR r.bucket_s3 IS NULL AND NOT EXISTS (
            SELECT FROM data_general.registros_ov_s3 AS gemela
            WHERE gemela.clave_s3 = r.clave_s3
                AND (gemela.bucket_s3 = %(bucket)s OR (gemela.bucket_s3 IS NULL AND gemela.id < r.id))
        )
    )
    AND r.estado_carga <> 'subiendo'
ORDER BY r.id
