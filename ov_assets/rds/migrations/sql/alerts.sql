-- name: alerts
-- One row per alert, open until a recovery closes it; it is the outbox too: a notice that isn't out yet waits
-- here. No personal data: titulo and mensaje are made of names, dates, counts and reason codes.
CREATE TABLE IF NOT EXISTS data_general.alertas_ov (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clave text NOT NULL,
    clase text NOT NULL,
    gravedad text NOT NULL,
    empresa text,
    fecha date,
    titulo text NOT NULL,
    mensaje text NOT NULL,
    veces integer NOT NULL DEFAULT 1,
    silencio interval NOT NULL,
    abierta_en timestamptz NOT NULL DEFAULT now(),
    vista_ultimo timestamptz NOT NULL DEFAULT now(),
    -- When the last notice of it was out, and to which targets the one under way has gone already.
    avisada_en timestamptz,
    entregada_a text[] NOT NULL DEFAULT '{}',
    cerrada_en timestamptz,
    cierre_avisado_en timestamptz,
    CONSTRAINT alertas_ov_gravedad_check CHECK (gravedad IN ('error', 'aviso', 'informe'))
);
CREATE UNIQUE INDEX IF NOT EXISTS alertas_ov_abierta_key ON data_general.alertas_ov (clave)
    WHERE cerrada_en IS NULL;

SELECT pg_temp.marcar('data_general.alertas_ov');
