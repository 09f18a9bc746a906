CREATE TEMPORARY TABLE listado_s3 (
    clave text PRIMARY KEY,
    tamano bigint NOT NULL,
    etag text NOT NULL
) ON COMMIT DROP
