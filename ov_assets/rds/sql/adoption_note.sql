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
