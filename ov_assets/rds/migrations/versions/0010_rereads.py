"""How many captured PQR were read again on a day."""

from ov_assets.rds.migrations import remove, run

revision = "0010_rereads"
down_revision = "0009_kept"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("rereads")


def downgrade() -> None:
    remove("relecturas_ov")
