SELECT count(*) FROM carga_ov;
