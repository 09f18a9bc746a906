COPY carga_ov ({columnas}) FROM STDIN WITH (FORMAT csv, HEADER true, ENCODING 'UTF8');
