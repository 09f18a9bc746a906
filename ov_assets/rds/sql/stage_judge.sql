-- Judge every staged row; the first rule that it breaks is its reason. Nothing here can raise an error for
-- what a row holds: text that others may have written is read by functions that answer NULL for what they
-- can't read.
WITH minuto AS MATERIALIZED (
    -- The rows of a day share their minutes, so each is read once.
    SELECT fecha, data_general.fecha_ov(fecha) AS fecha_leida
    FROM (SELECT DISTINCT fecha FROM carga_ov) AS distintas
), leida AS (
    SELECT
        linea,
        empresa,
        numero_radicado,
        estado_solicitud,
        hash_registro,
        otros_campos,
        fecha_leida,
        -- Nobody has edited a row of a file that is known to be as company_csv wrote it: its instants are
        -- those of manifests, which hold no other, and its hashes below are right.
        CASE
            WHEN %(integro)s THEN extraido_en::timestamptz
            ELSE data_general.instante_ov(extraido_en)
        END AS extraido_leido,
        CASE WHEN otros_campos <> '' THEN data_general.objeto_ov(otros_campos) END AS otros_leidos,
        -- The file's NUL bytes, which no text of PostgreSQL can hold, were staged as this mark.
        %(nul)s::text IS NOT NULL AND position(%(nul)s::text IN carga_ov::text) > 0 AS con_nul,
        -- hash_registro takes in each value behind its length, as 8 bytes. An array of text is sent with each
        -- length as 4 bytes, so an empty text before each value is the upper half of its length. The 20 bytes
        -- that an array of one dimension begins with are left out.
        CASE WHEN NOT %(integro)s THEN encode(sha256(substr(array_send(ARRAY[
            '', %(hash_tag)s::text,
            '', nic,
            '', fecha,
            '', documento_identidad,
            '', nombres_apellidos,
            '', lectura,
            '', correo_electronico,
            '', telefono,
            '', celular,
            '', tipo_pqr,
            '', canal_respuesta,
            '', documento_prueba,
            '', cuerpo_reclamacion,
            '', numero_radicado,
            '', estado_solicitud,
            '', finalizar,
            '', adjuntar_archivo,
            '', numero_reclamo_sgc,
            '', comentarios,
            '', otros_campos
        ]), 21)), 'hex') END AS huella
    FROM carga_ov
    JOIN minuto USING (fecha)
    -- Each value is worked out once, in this place; a materialized table would be written and read again.
    OFFSET 0
), juzgada AS (
    SELECT
        *,
        CASE
            WHEN con_nul THEN 'caracter_invalido'
            WHEN empresa <> %(empresa)s THEN 'otra_empresa'
            WHEN btrim(numero_radicado) = '' THEN 'sin_radicado'
            WHEN numero_radicado ~ '[^0-9]' THEN 'radicado_no_numerico'
            WHEN length(numero_radicado) > 50 THEN 'radicado_largo'
            WHEN btrim(estado_solicitud) = '' THEN 'sin_estado'
            WHEN fecha_leida IS NULL THEN 'fecha_invalida'
            WHEN extraido_leido IS NULL THEN 'extraido_en_invalido'
            WHEN otros_campos <> '' AND otros_leidos IS NULL THEN 'otros_campos_invalidos'
            WHEN hash_registro <> huella THEN 'hash_no_coincide'
        END AS motivo
    FROM leida
    OFFSET 0
)
INSERT INTO juicio_ov (
    linea, numero_radicado, fecha, extraido_en, otros_campos, hash_registro, motivo, puesto)
SELECT
    linea, numero_radicado, fecha_leida, extraido_leido, otros_leidos, hash_registro, motivo,
    -- The newest capture counts; of two from one instant the greater hash, so that file order never decides.
    CASE WHEN motivo IS NULL THEN row_number() OVER (
        PARTITION BY motivo IS NULL, numero_radicado COLLATE "C"
        ORDER BY extraido_leido DESC, hash_registro COLLATE "C" DESC, linea
    ) END
FROM juzgada;
