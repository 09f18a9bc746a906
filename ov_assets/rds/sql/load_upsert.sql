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
