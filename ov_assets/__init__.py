"""The PQR of Afinia and Air-e, from their Oficina Virtual into CSV, RDS and S3, as Dagster assets."""
