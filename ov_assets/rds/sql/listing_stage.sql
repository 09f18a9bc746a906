CREATE TEMP TABLE lista_ov (
    orden bigint GENERATED ALWAYS AS IDENTITY,
    numero_radicado text,
    fecha text,
    estado text,
    huella text
) ON COMMIT DROP;
