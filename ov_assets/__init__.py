"""The PQR of Afinia and Air-e, from their Oficina Virtual into CSV, RDS and S3, as Dagster assets."""

import ov_assets.retries  # noqa: F401  # said once, before anything can be tried again
