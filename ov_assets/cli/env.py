"""`ov env`: the settings in force, for a shell."""

import os
import shlex

import click


@click.command()
def env() -> None:
    """Print the settings in force as shell exports: eval "$(ov env)".

    With them psql, any S3 client and Dagster's own commands look at the same database, bucket and runs.
    """
    from ov_assets.sandbox import dagster_stack, variables_of_running
    from ov_assets.settings import Settings

    settings = Settings()
    variables = variables_of_running(settings)
    if variables is None:
        home = settings.ov_home.absolute()
        raise click.ClickException(f"no sandbox is running on {home}: start it with `ov up`")
    for name, value in in_force(variables | dagster_stack.variables_of_running(settings)).items():
        click.echo(f"export {name}={shlex.quote(value)}")


def in_force(variables: dict[str, str]) -> dict[str, str]:
    """The sandbox's `variables`, what replaces them, and the names that other programs look for."""
    from ov_assets.companies import COMPANIES
    from ov_assets.settings import PortalAccount, Settings

    os.environ.update(variables)
    settings = Settings()
    conninfo = settings.rds_conninfo()
    values: dict[str, object] = {
        "RDS_HOST": settings.rds_host,
        "RDS_PORT": settings.rds_port,
        "RDS_DATABASE": settings.rds_database,
        "RDS_USERNAME": settings.rds_username,
        "RDS_PASSWORD": conninfo["password"],
        "RDS_SSL_MODE": settings.rds_ssl_mode,
        "PGHOST": conninfo["host"],
        "PGPORT": conninfo["port"],
        "PGDATABASE": conninfo["dbname"],
        "PGUSER": conninfo["user"],
        "PGPASSWORD": conninfo["password"],
        "PGSSLMODE": conninfo["sslmode"],
        "S3_BUCKET_NAME": settings.s3_bucket_name,
        "S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "AWS_ENDPOINT_URL": settings.s3_endpoint_url,
        "AWS_REGION": settings.aws_region,
        "AWS_DEFAULT_REGION": settings.aws_region,
        "DAGSTER_HOME": settings.dagster_home or settings.ov_home.absolute() / "dagster",
    }
    for slug in COMPANIES:
        account = PortalAccount.of(slug)
        values[f"OV_{slug.upper()}_URL"] = account.url
        values[f"OV_{slug.upper()}_USERNAME"] = account.username
        values[f"OV_{slug.upper()}_PASSWORD"] = account.password and account.password.get_secret_value()
    return variables | {name: str(value) for name, value in values.items() if value is not None}
