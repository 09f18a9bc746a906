-- A sensor asks every minute what is new on record; without this it reads every file that there ever was.
CREATE INDEX IF NOT EXISTS archivos_ov_cambios_idx ON data_general.archivos_ov (fecha_actualizacion)
    WHERE vigente;
