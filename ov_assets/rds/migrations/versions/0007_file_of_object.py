"""Which file an object is of, as a foreign key, and one answer to "is this file in S3?"."""

from ov_assets.rds.migrations import run

revision = "0007_file_of_object"
down_revision = "0006_changed_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("file_of_object")


def downgrade() -> None:
    run("file_of_object_drop")
