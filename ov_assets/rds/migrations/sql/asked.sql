-- One row per company and day that the portal was asked about. mirado_en: when the last look at its list began.
-- sin_capturar: of that list, the PQR that could not be captured, by radicado, with the name of the fault.
CREATE TABLE IF NOT EXISTS data_general.consultas_ov (
    empresa text NOT NULL,
    fecha date NOT NULL,
    mirado_en timestamptz NOT NULL,
    sin_capturar jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT consultas_ov_pkey PRIMARY KEY (empresa, fecha)
);

SELECT pg_temp.marcar('data_general.consultas_ov');

-- Of the days before there was this table: a walk of the list that saw a PQR began at visto_ultimo; the one behind
-- an empty CSV began within the hour before it was loaded. Too early a moment costs one more look, nothing else.
INSERT INTO data_general.consultas_ov (empresa, fecha, mirado_en)
SELECT empresa, fecha, max(mirado_en)
FROM (
    SELECT empresa, fecha_dia, visto_ultimo FROM data_general.listado_ov WHERE fecha_dia IS NOT NULL
    UNION ALL
    SELECT c.empresa, c.fecha, c.cargado_en - interval '1 hour'
    FROM data_general.cargas_ov c
    WHERE c.filas = 0
      AND NOT EXISTS (
          SELECT FROM data_general.listado_ov l WHERE l.empresa = c.empresa AND l.fecha_dia = c.fecha)
) AS antes (empresa, fecha, mirado_en)
GROUP BY empresa, fecha
ON CONFLICT DO NOTHING;
