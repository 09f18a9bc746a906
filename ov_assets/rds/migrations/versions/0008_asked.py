"""When the portal was last asked about a day, and what of it could not be captured."""

from ov_assets.rds.migrations import remove, run

revision = "0008_asked"
down_revision = "0007_file_of_object"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("asked")


def downgrade() -> None:
    remove("consultas_ov")
