-- name: files_analyze
ANALYZE lote_ov (numero_radicado, clase, nombre, hash_archivo);

-- name: files_copy
COPY lote_ov (numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local) FROM STDIN;

-- name: files_record
-- The partition's files, and no longer current what a newer capture of the same PQR doesn't have, on whatever
-- day that stands: a PQR whose Fecha moved is no longer where it was. A CSV (without a radicado) is its day's own.
-- The two changes touch different rows: one those in the batch, the other those that aren't in it.
WITH dado AS MATERIALIZED (
    SELECT DISTINCT ON (numero_radicado, clase, nombre, hash_archivo) *
    FROM lote_ov
    ORDER BY numero_radicado, clase, nombre, hash_archivo, ruta_local
), vigente AS (
    INSERT INTO data_general.archivos_ov AS a (
        empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha)
    SELECT
        %(empresa)s::text, d.numero_radicado, d.clase, d.nombre, d.hash_archivo, d.tamano, d.ruta_local,
        %(fecha)s::date
    FROM dado d
    LEFT JOIN data_general.archivos_ov a
        ON a.empresa = %(empresa)s::text AND a.numero_radicado = d.numero_radicado AND a.clase = d.clase
        AND a.nombre = d.nombre AND a.hash_archivo = d.hash_archivo
    WHERE (a.tamano, a.ruta_local, a.fecha, a.vigente)
        IS DISTINCT FROM (d.tamano, d.ruta_local, %(fecha)s::date, true)
    ON CONFLICT (empresa, numero_radicado, clase, nombre, hash_archivo) DO UPDATE SET
        tamano = excluded.tamano,
        ruta_local = excluded.ruta_local,
        fecha = excluded.fecha,
        vigente = true,
        fecha_actualizacion = now()
    RETURNING 1
), anterior AS (
    UPDATE data_general.archivos_ov a
    SET vigente = false, fecha_actualizacion = now()
    WHERE a.empresa = %(empresa)s::text AND a.vigente
      AND (a.numero_radicado <> '' OR a.fecha = %(fecha)s::date)
      AND EXISTS (SELECT FROM dado d WHERE d.numero_radicado = a.numero_radicado)
      AND NOT EXISTS (
          SELECT FROM dado d
          WHERE d.numero_radicado = a.numero_radicado AND d.clase = a.clase AND d.nombre = a.nombre
            AND d.hash_archivo = a.hash_archivo)
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM dado) AS vigentes,
    (SELECT count(*) FROM vigente) AS escritos,
    (SELECT count(*) FROM anterior) AS retirados;

-- name: files_stage
CREATE TEMP TABLE lote_ov (
    numero_radicado text NOT NULL,
    clase text NOT NULL,
    nombre text NOT NULL,
    hash_archivo text NOT NULL,
    tamano bigint NOT NULL,
    ruta_local text NOT NULL
) ON COMMIT DROP;

-- name: files_unstage
DROP TABLE lote_ov;
