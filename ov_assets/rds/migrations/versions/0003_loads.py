"""The ledger of loads, and the rows that could not be loaded."""

from ov_assets.rds.migrations import remove, run

revision = "0003_loads"
down_revision = "0002_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("loads_and_rejects")


def downgrade() -> None:
    remove("cargas_ov", "rechazos_ov")
