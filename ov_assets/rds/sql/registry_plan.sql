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
