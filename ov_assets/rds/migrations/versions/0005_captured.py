"""Which listed PQR are captured as the list shows them now."""

from alembic import op

from ov_assets.rds.migrations import run

revision = "0005_captured"
down_revision = "0004_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("captured")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS data_general.listado_ov_por_capturar")
    op.execute("ALTER TABLE data_general.listado_ov DROP COLUMN IF EXISTS huella_capturada")
