"""The companies' tables of PQR, their history, and the portal's listing."""

from ov_assets.rds.migrations import company_table, remove, run

revision = "0001_pqr"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("helpers")
    run("functions")
    company_table("ov_afinia")
    company_table("ov_aire")
    run("history_and_listing")


def downgrade() -> None:
    remove("ov_afinia", "ov_aire", "historial_ov", "listado_ov")
    run("functions_drop")
