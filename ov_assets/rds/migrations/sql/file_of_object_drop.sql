DROP FUNCTION IF EXISTS data_general.archivos_en_s3_ov(text),
    data_general.por_subir_ov(text, timestamptz, timestamptz);
DROP INDEX IF EXISTS data_general.registros_ov_s3_anteriores_idx;
ALTER TABLE data_general.registros_ov_s3 DROP COLUMN IF EXISTS archivo_id;
