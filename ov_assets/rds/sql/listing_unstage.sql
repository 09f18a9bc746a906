DROP TABLE lista_ov;
