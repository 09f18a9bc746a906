"""What a captured PQR lacks, and when it is read again."""

from alembic import op

from ov_assets.rds.migrations import run

revision = "0009_kept"
down_revision = "0008_asked"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("kept")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE data_general.listado_ov DROP COLUMN IF EXISTS capturado_en,"
        " DROP COLUMN IF EXISTS leido_en, DROP COLUMN IF EXISTS releer_en,"
        " DROP COLUMN IF EXISTS adjuntos_faltantes"
    )
