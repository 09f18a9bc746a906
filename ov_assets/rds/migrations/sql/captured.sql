-- What a capture had seen of a listed PQR: as long as it isn't what the list shows now, the PQR waits.
ALTER TABLE data_general.listado_ov ADD COLUMN IF NOT EXISTS huella_capturada text;
CREATE INDEX IF NOT EXISTS listado_ov_por_capturar ON data_general.listado_ov (fecha_dia, empresa)
    WHERE presente AND estado = 'Finalizado' AND huella_capturada IS DISTINCT FROM huella;
