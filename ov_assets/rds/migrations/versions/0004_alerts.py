"""The ledger of alerts: what is wrong now, and what was told to whom."""

from ov_assets.rds.migrations import remove, run

revision = "0004_alerts"
down_revision = "0003_loads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("alerts")


def downgrade() -> None:
    remove("alertas_ov")
