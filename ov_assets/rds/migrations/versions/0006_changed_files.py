"""Which files on record changed since a moment, found without a walk over all of them."""

from alembic import op

from ov_assets.rds.migrations import run

revision = "0006_changed_files"
down_revision = "0005_captured"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("changed_files")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS data_general.archivos_ov_cambios_idx")
