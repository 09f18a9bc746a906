SELECT empresa, estado_carga, count(*), COALESCE(sum(tamano_archivo), 0)::bigint
FROM data_general.registros_ov_s3
GROUP BY empresa, estado_carga;
