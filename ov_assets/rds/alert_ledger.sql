-- name: alert_close
-- open -> closed, for the keys of a recovery. One that nobody was told of needs no second notice.
UPDATE data_general.alertas_ov
SET cerrada_en = now(),
    entregada_a = '{}',
    cierre_avisado_en = CASE WHEN avisada_en IS NULL OR %(callada)s THEN now() END
WHERE cerrada_en IS NULL AND clave = ANY (%(claves)s::text[]);

-- name: alert_delivered
-- A notice reached these targets; when none is left it is out. A report of a day is closed by being out.
-- Somebody who has it now starts the silence: a target that is dead keeps nobody else from being reminded.
UPDATE data_general.alertas_ov
SET entregada_a = CASE WHEN %(completa)s THEN '{}'::text[] ELSE %(destinos)s::text[] END,
    avisada_en = CASE
        WHEN cerrada_en IS NULL AND (%(completa)s OR NOT %(destinos)s::text[] <@ entregada_a)
        THEN clock_timestamp() ELSE avisada_en END,
    cierre_avisado_en = CASE
        WHEN %(completa)s AND (cerrada_en IS NOT NULL OR gravedad = 'informe') THEN clock_timestamp()
        ELSE cierre_avisado_en END,
    cerrada_en = CASE WHEN %(completa)s AND gravedad = 'informe' THEN clock_timestamp() ELSE cerrada_en END
WHERE id = %(id)s;

-- name: alert_due
-- The next notice to send: a new alert, one that not every target has, one seen again after its silence, or the
-- end of one that was told of.
-- Locked until it is out, so that two machines never send the same.
SELECT id, clave, clase, gravedad, empresa, fecha, titulo, mensaje, veces, abierta_en, vista_ultimo, cerrada_en,
    entregada_a
FROM data_general.alertas_ov
WHERE id > %(despues)s
    AND CASE
        WHEN cerrada_en IS NOT NULL THEN cierre_avisado_en IS NULL
        ELSE avisada_en IS NULL OR entregada_a <> '{}'
            OR (vista_ultimo > avisada_en AND avisada_en + silencio <= now())
    END
ORDER BY id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: alert_open
SELECT id, clave, clase, gravedad, empresa, fecha, titulo, mensaje, veces, abierta_en, vista_ultimo, cerrada_en
FROM data_general.alertas_ov
WHERE cerrada_en IS NULL
ORDER BY abierta_en, id;

-- name: alert_raise
-- (nothing) -> open, or seen once more. The texts are those of the newest sight. After its silence it is for
-- everybody again, also while a target is dead.
INSERT INTO data_general.alertas_ov (clave, clase, gravedad, empresa, fecha, titulo, mensaje, silencio)
VALUES (%(clave)s, %(clase)s, %(gravedad)s, %(empresa)s, %(fecha)s, %(titulo)s, %(mensaje)s, %(silencio)s)
ON CONFLICT (clave) WHERE cerrada_en IS NULL DO UPDATE SET
    veces = alertas_ov.veces + 1,
    vista_ultimo = now(),
    entregada_a = CASE
        WHEN alertas_ov.avisada_en + alertas_ov.silencio <= now() THEN '{}' ELSE alertas_ov.entregada_a END,
    gravedad = excluded.gravedad,
    titulo = excluded.titulo,
    mensaje = excluded.mensaje;

-- name: alert_states
-- What is to be settled, by company: objects in conflict, rows in quarantine, and files whose object went from
-- the bucket and isn't back.
SELECT
    empresa,
    count(*) FILTER (WHERE que = 'conflicto'),
    count(*) FILTER (WHERE que = 'cuarentena'),
    count(*) FILTER (WHERE que = 'perdido')
FROM (
    SELECT empresa, 'conflicto' AS que
    FROM data_general.registros_ov_s3 WHERE estado_carga = 'conflicto'
    UNION ALL
    SELECT empresa, 'cuarentena' FROM data_general.rechazos_ov WHERE estado = 'pendiente'
    UNION ALL
    SELECT r.empresa, 'perdido'
    FROM data_general.registros_ov_s3 AS r
    JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
    WHERE r.requiere_resubida
        AND a.vigente
        AND r.estado_carga IN ('falta_s3', 'falta_local', 'pendiente', 'error', 'subiendo')
) AS todo
GROUP BY empresa;
