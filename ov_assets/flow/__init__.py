"""What joins portal, disk, RDS and S3: the work of the assets. It knows no Dagster."""
