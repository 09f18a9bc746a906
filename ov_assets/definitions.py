"""The whole house: what Dagster loads. Read from here."""

import dagster as dg

from ov_assets.alerts import sensors as alerts
from ov_assets.assets import external
from ov_assets.assets.daily_summary import daily_summary
from ov_assets.assets.portal_listing import portal_listing
from ov_assets.checks.daily import DAILY_CHECKS
from ov_assets.checks.partition import CHECKS
from ov_assets.jobs import CHAIN, chain_job, cleanup_job, listing_job, s3_job, s3_reconcile, summary_job
from ov_assets.resources import Database, Disk, ObjectStore, Portals
from ov_assets.schedules import SCHEDULES
from ov_assets.sensors import SENSORS

defs = dg.Definitions(
    assets=[*external.portals, external.registros_ov_s3, portal_listing, *CHAIN, daily_summary],
    asset_checks=[*CHECKS, *DAILY_CHECKS],
    jobs=[listing_job, chain_job, s3_job, summary_job, cleanup_job, s3_reconcile],
    schedules=[*SCHEDULES, *alerts.SCHEDULES],
    sensors=[*SENSORS, *alerts.SENSORS],
    resources={
        "portals": Portals(),
        "database": Database(),
        "store": ObjectStore(),
        "disk": Disk(),
    },
    # One run is one company and day in one process; the concurrency is inside the assets.
    executor=dg.in_process_executor,
)
