DROP TABLE lote_ov;
