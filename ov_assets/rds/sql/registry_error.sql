-- subiendo, held by this owner -> error
-- The next try waits twice as long each time, up to a limit; an error that another try will not mend, long.
UPDATE data_general.registros_ov_s3 AS r
SET estado_carga = 'error',
    ultimo_error = CASE WHEN h.permanente THEN 'permanente: ' ELSE '' END || h.detalle,
    proximo_intento = now() + make_interval(secs => CASE
        WHEN h.permanente THEN %(espera_permanente)s::float8
        ELSE least(
            %(espera_maxima)s::float8,
            %(espera_inicial)s::float8 * 2 ^ least(greatest(coalesce(r.intentos_carga, 1) - 1, 0), 30)
        )
    END),
    arrendado_por = NULL,
    arriendo_vence = NULL,
    fecha_actualizacion = now()
FROM unnest(%(ids)s::bigint[], %(detalles)s::text[], %(permanentes)s::boolean[])
    AS h (id, detalle, permanente)
WHERE r.id = h.id AND r.estado_carga = 'subiendo' AND r.arrendado_por = %(dueno)s
