-- subido | pre_existente, seen in a listing with the registered size and ETag
UPDATE data_general.registros_ov_s3
SET verificado_en = now()
WHERE id = ANY(%(ids)s::bigint[]) AND estado_carga IN ('subido', 'pre_existente')
