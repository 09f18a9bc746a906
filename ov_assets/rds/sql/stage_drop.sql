DROP TABLE carga_ov, juicio_ov;
