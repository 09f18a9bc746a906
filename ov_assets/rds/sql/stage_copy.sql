-- Empty fields come as '', quoted or not: the rules then need no word about NULL.
COPY carga_ov ({columnas}) FROM STDIN WITH (FORMAT csv, HEADER true, ENCODING 'UTF8', FORCE_NOT_NULL ({columnas}));
