COPY lista_ov (numero_radicado, fecha, estado, huella) FROM STDIN;
