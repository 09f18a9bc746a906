"""The files of every PQR, and the registry of objects in S3."""

from ov_assets.rds.migrations import remove, run

revision = "0002_files"
down_revision = "0001_pqr"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("files")
    run("registry")


def downgrade() -> None:
    remove("archivos_ov", "registros_ov_s3")
