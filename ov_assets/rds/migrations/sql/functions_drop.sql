DROP FUNCTION IF EXISTS data_general.fecha_ov(text), data_general.instante_ov(text),
    data_general.objeto_ov(text), data_general.es_dia_ov(text);
