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
