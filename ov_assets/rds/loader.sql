-- name: load_agrees
-- Whether the table still holds what an earlier load of this very file, staged again now, left in it.
WITH fila AS MATERIALIZED (
    SELECT
        c.numero_radicado,
        c.hash_registro,
        CASE
            WHEN %(integro)s THEN c.extraido_en::timestamptz
            ELSE data_general.instante_ov(c.extraido_en)
        END AS extraido_en,
        t.hash_registro AS hash_tabla,
        t.extraido_en AS visto
    FROM carga_ov c
    LEFT JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
    WHERE c.linea NOT IN (
        SELECT r.linea
        FROM data_general.rechazos_ov r
        WHERE r.empresa = %(empresa)s AND r.fecha = %(fecha)s AND r.archivo_hash = %(archivo_hash)s
          AND r.estado = 'pendiente')
), ajena AS (
    -- Rows that the table neither says nor has from a later capture, but for the duplicates of a row that it
    -- does say and that beats them.
    SELECT 1
    FROM fila f
    WHERE (f.visto > f.extraido_en OR (f.hash_registro = f.hash_tabla AND f.visto = f.extraido_en)) IS NOT TRUE
      AND NOT EXISTS (
          SELECT FROM fila g
          WHERE g.numero_radicado = f.numero_radicado AND g.hash_registro = g.hash_tabla
            AND (g.extraido_en, g.hash_registro COLLATE "C") > (f.extraido_en, f.hash_registro COLLATE "C"))
)
SELECT
    -- Some may have been replayed since: then their rows have to be judged again as well.
    (SELECT count(*) FROM carga_ov) - (SELECT count(*) FROM fila) = %(rechazadas)s
        AND NOT EXISTS (SELECT FROM ajena),
    (SELECT count(DISTINCT f.numero_radicado)
     FROM fila f
     WHERE f.visto > f.extraido_en
       AND NOT EXISTS (
           SELECT FROM fila g WHERE g.numero_radicado = f.numero_radicado AND g.extraido_en >= g.visto));

-- name: load_latest
SELECT hash_archivo, hash_rechazos, filas, duplicadas, rechazadas
FROM data_general.cargas_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s
ORDER BY cargado_en DESC, id DESC
LIMIT 1;

-- name: load_limits
-- A load takes as long as it takes, whatever the role's default is; a lock that never comes is an error.
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '60s';
-- A day's rows are sorted and joined in memory, and nothing is compiled for the few of them.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;

-- name: load_older
-- PQR that the table has from a later capture than any in the staged CSV.
SELECT c.numero_radicado
FROM carga_ov c
JOIN {tabla} t ON t.numero_radicado = c.numero_radicado
GROUP BY c.numero_radicado
HAVING bool_and(t.extraido_en > data_general.instante_ov(c.extraido_en));

-- name: load_reasons
SELECT motivo, count(*)
FROM data_general.rechazos_ov
WHERE empresa = %(empresa)s AND fecha = %(fecha)s AND archivo_hash = ANY (%(hashes)s) AND estado = 'pendiente'
GROUP BY motivo;

-- name: load_record
-- clock_timestamp: a transaction that waited for its turn has an old now().
INSERT INTO data_general.cargas_ov (
    empresa, fecha, archivo, hash_archivo, hash_rechazos, filas, insertadas, actualizadas, sin_cambio,
    obsoletas, duplicadas, rechazadas, ejecucion, cargado_en)
VALUES (
    %(empresa)s, %(fecha)s, %(archivo)s, %(hash_archivo)s, %(hash_rechazos)s, %(filas)s, %(insertadas)s,
    %(actualizadas)s, %(sin_cambio)s, %(obsoletas)s, %(duplicadas)s, %(rechazadas)s, %(ejecucion)s,
    clock_timestamp())
ON CONFLICT (empresa, fecha, hash_archivo) DO UPDATE SET
    archivo = excluded.archivo,
    hash_rechazos = excluded.hash_rechazos,
    filas = excluded.filas,
    insertadas = excluded.insertadas,
    actualizadas = excluded.actualizadas,
    sin_cambio = excluded.sin_cambio,
    obsoletas = excluded.obsoletas,
    duplicadas = excluded.duplicadas,
    rechazadas = excluded.rechazadas,
    ejecucion = excluded.ejecucion,
    cargado_en = excluded.cargado_en;

-- name: load_turn
-- One company's loads compare and publish one after the other: a PQR whose Fecha moved stands in two days, and
-- the later of two loads has to see what the earlier one made of it.
SELECT pg_advisory_xact_lock(%(llave)s);

-- name: load_upsert
-- Publish the judged rows, keep what changed rows said before, and count, all on one snapshot.
WITH clasificada AS MATERIALIZED (
    SELECT
        j.*,
        CASE
            WHEN t.numero_radicado IS NULL THEN 'nueva'
            WHEN t.extraido_en > j.extraido_en THEN 'obsoleta'
            WHEN t.hash_registro = j.hash_registro THEN 'igual'
            ELSE 'distinta'
        END AS clase,
        t.extraido_en IS DISTINCT FROM j.extraido_en AS otro_instante
    FROM juicio_ov j
    LEFT JOIN {tabla} t ON t.numero_radicado = j.numero_radicado
    WHERE j.puesto = 1
), cambio AS (
    -- Rows that stay as they are don't even come here: ON CONFLICT would lock them, which is a write.
    INSERT INTO {tabla} AS t (
        numero_radicado, fecha, nic, documento_identidad, nombres_apellidos, lectura, correo_electronico,
        telefono, celular, tipo_pqr, canal_respuesta, documento_prueba, cuerpo_reclamacion, estado_solicitud,
        finalizar, adjuntar_archivo, numero_reclamo_sgc, comentarios, otros_campos, hash_registro, extraido_en,
        fecha_creacion, fecha_actualizacion)
    SELECT
        k.numero_radicado, k.fecha,
        NULLIF(c.nic, ''), NULLIF(c.documento_identidad, ''), NULLIF(c.nombres_apellidos, ''),
        NULLIF(c.lectura, ''), NULLIF(c.correo_electronico, ''), NULLIF(c.telefono, ''),
        NULLIF(c.celular, ''), NULLIF(c.tipo_pqr, ''), NULLIF(c.canal_respuesta, ''),
        NULLIF(c.documento_prueba, ''), NULLIF(c.cuerpo_reclamacion, ''), c.estado_solicitud,
        NULLIF(c.finalizar, ''), NULLIF(c.adjuntar_archivo, ''), NULLIF(c.numero_reclamo_sgc, ''),
        NULLIF(c.comentarios, ''), k.otros_campos, k.hash_registro, k.extraido_en, now(), now()
    FROM clasificada k
    JOIN carga_ov c USING (linea)
    WHERE k.clase IN ('nueva', 'distinta')
    ON CONFLICT (numero_radicado) DO UPDATE SET
        fecha = excluded.fecha,
        nic = excluded.nic,
        documento_identidad = excluded.documento_identidad,
        nombres_apellidos = excluded.nombres_apellidos,
        lectura = excluded.lectura,
        correo_electronico = excluded.correo_electronico,
        telefono = excluded.telefono,
        celular = excluded.celular,
        tipo_pqr = excluded.tipo_pqr,
        canal_respuesta = excluded.canal_respuesta,
        documento_prueba = excluded.documento_prueba,
        cuerpo_reclamacion = excluded.cuerpo_reclamacion,
        estado_solicitud = excluded.estado_solicitud,
        finalizar = excluded.finalizar,
        adjuntar_archivo = excluded.adjuntar_archivo,
        numero_reclamo_sgc = excluded.numero_reclamo_sgc,
        comentarios = excluded.comentarios,
        otros_campos = excluded.otros_campos,
        hash_registro = excluded.hash_registro,
        extraido_en = excluded.extraido_en,
        fecha_actualizacion = now()
    WHERE t.hash_registro IS DISTINCT FROM excluded.hash_registro
      AND (t.extraido_en IS NULL OR t.extraido_en <= excluded.extraido_en)
    RETURNING t.numero_radicado, t.xmax = 0 AS nueva
), avance AS (
    -- Seen again as it was: what was captured in between, and comes later, must not take it for older.
    UPDATE {tabla} t
    SET extraido_en = k.extraido_en
    FROM clasificada k
    WHERE k.clase = 'igual' AND k.otro_instante
      AND t.numero_radicado = k.numero_radicado AND t.hash_registro = k.hash_registro
      AND (t.extraido_en IS NULL OR t.extraido_en < k.extraido_en)
    RETURNING 1
), historia AS (
    -- The same snapshot: this reads the rows as they were before the statement above changed them.
    INSERT INTO data_general.historial_ov (empresa, numero_radicado, antes, cambiado_en, archivo_hash)
    SELECT
        %(empresa)s,
        t.numero_radicado,
        jsonb_build_object(
            'nic', t.nic, 'fecha', t.fecha, 'documento_identidad', t.documento_identidad,
            'nombres_apellidos', t.nombres_apellidos, 'lectura', t.lectura,
            'correo_electronico', t.correo_electronico, 'telefono', t.telefono, 'celular', t.celular,
            'tipo_pqr', t.tipo_pqr, 'canal_respuesta', t.canal_respuesta,
            'documento_prueba', t.documento_prueba, 'cuerpo_reclamacion', t.cuerpo_reclamacion,
            'numero_radicado', t.numero_radicado, 'estado_solicitud', t.estado_solicitud,
            'finalizar', t.finalizar, 'adjuntar_archivo', t.adjuntar_archivo,
            'numero_reclamo_sgc', t.numero_reclamo_sgc, 'comentarios', t.comentarios,
            'otros_campos', t.otros_campos, 'hash_registro', t.hash_registro, 'extraido_en', t.extraido_en),
        now(),
        %(archivo_hash)s
    FROM cambio
    JOIN {tabla} t USING (numero_radicado)
    WHERE NOT cambio.nueva
    RETURNING 1
)
SELECT
    %(filas)s::bigint AS filas,
    insertadas, actualizadas, sin_cambio, obsoletas, duplicadas, rechazadas,
    historiadas, por_avanzar, avanzadas
FROM
    (SELECT count(*) FILTER (WHERE nueva) AS insertadas, count(*) FILTER (WHERE NOT nueva) AS actualizadas
     FROM cambio) AS cambiadas,
    (SELECT count(*) AS sin_cambio,
            count(*) FILTER (WHERE clase = 'obsoleta') AS obsoletas,
            count(*) FILTER (WHERE clase = 'igual' AND otro_instante) AS por_avanzar
     FROM clasificada WHERE clase IN ('igual', 'obsoleta')) AS iguales,
    (SELECT count(*) FILTER (WHERE puesto > 1) AS duplicadas,
            count(*) FILTER (WHERE motivo IS NOT NULL) AS rechazadas
     FROM juicio_ov) AS apartadas,
    (SELECT count(*) AS avanzadas FROM avance) AS vistas,
    (SELECT count(*) AS historiadas FROM historia) AS pasadas;

-- name: compare_csv
WITH fila AS MATERIALIZED (
    -- The same tiebreak among duplicates as the load's.
    SELECT DISTINCT ON (numero_radicado COLLATE "C")
        numero_radicado, hash_registro, data_general.instante_ov(extraido_en) AS extraido_en
    FROM unnest(%(radicados)s::text[], %(hashes)s::text[], %(instantes)s::text[])
        AS dada (numero_radicado, hash_registro, extraido_en)
    ORDER BY numero_radicado COLLATE "C",
        data_general.instante_ov(extraido_en) DESC NULLS LAST, hash_registro COLLATE "C" DESC
), comparada AS (
    SELECT f.numero_radicado, CASE
        WHEN t.numero_radicado IS NULL THEN 'falta'
        WHEN t.hash_registro = f.hash_registro THEN 'igual'
        WHEN t.extraido_en > f.extraido_en THEN 'mas_nueva'
        ELSE 'distinta'
    END AS clase
    FROM fila f
    LEFT JOIN {tabla} t ON t.numero_radicado = f.numero_radicado
)
SELECT
    count(*) FILTER (WHERE clase = 'igual'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'mas_nueva'), '{{}}'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'falta'), '{{}}'),
    coalesce(array_agg(numero_radicado ORDER BY numero_radicado) FILTER (WHERE clase = 'distinta'), '{{}}')
FROM comparada;
