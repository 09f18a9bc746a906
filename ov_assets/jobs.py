"""What can be launched: the whole chain of one partition, its S3 part alone, and the weekly cleanup."""

import dagster as dg

from ov_assets.assets.company_csv import company_csv
from ov_assets.assets.daily_summary import daily_summary
from ov_assets.assets.portal_listing import portal_listing
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.assets.rds_table import rds_table
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.assets.s3_pending import s3_pending
from ov_assets.assets.verification_report import verification_report
from ov_assets.ops import clean_up, reconcile_bucket
from ov_assets.runs import CHAIN_JOB, LISTING_JOB, S3_JOB, SUMMARY_JOB

# What looks at everything on record takes as long as that is much; the limit of dagster.yaml is for one day.
LONG = {"dagster/max_runtime": str(12 * 3600)}  # seconds
CHAIN = (pqr_captures, company_csv, rds_table, s3_pending, s3_objects, verification_report)

listing_job = dg.define_asset_job(
    LISTING_JOB,
    selection=dg.AssetSelection.assets(portal_listing),
    description="Una empresa: recorre la lista del portal de los últimos días y anota lo que ve.",
)

chain_job = dg.define_asset_job(
    CHAIN_JOB,
    selection=dg.AssetSelection.assets(*CHAIN),
    description="Una empresa y un día, de la web a S3: captura, CSV, RDS, diferencia, carga y reporte.",
)

s3_job = dg.define_asset_job(
    S3_JOB,
    selection=dg.AssetSelection.assets(s3_pending, s3_objects, verification_report),
    description="Compara archivos, registro y bucket de una empresa y un día, y sube lo que falta.",
)


summary_job = dg.define_asset_job(
    SUMMARY_JOB,
    selection=dg.AssetSelection.assets(daily_summary),
    description="El resumen de un día de todas las empresas, con los controles de la mañana.",
)


@dg.job(
    tags=LONG,
    description="Aplica la retención de cada clase. No toca nada que no esté en S3 o esté en curso.",
)
def cleanup_job() -> None:
    clean_up()


@dg.job(
    tags=LONG,
    description="Concilia disco, registro y bucket. `note` anota estados, `apply` resuelve.",
)
def s3_reconcile() -> None:
    reconcile_bucket()
