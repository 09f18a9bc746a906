"""The `ov` command. A command's module is imported when the command is used, so that `ov --help` is quick."""

import importlib
from pathlib import Path

import click

COMMANDS = {
    "up": "Start the sandbox with Dagster on top, until Ctrl-C.",
    "demo": "One day of both companies from the portals to S3, twice.",
    "run": "Materialize the chain of one company and one day.",
    "backfill": "Materialize the chain of many days, by Dagster's daemon.",
    "status": "How far each day of each company has come.",
    "cleanup": "Remove what is past its retention.",
    "metrics": "Print the figures of the flow for Prometheus.",
    "alerts": "Try the channels of OV_ALERT_URLS out, and see what is open.",
    "rejects": "See and replay the rows that could not be loaded.",
    "export": "Write the PQR of one company and day in a file for people.",
    "db": "Upgrade or check the schema of the database.",
    "doctor": "Look at everything that the flow relies on; say what is wrong and its mend.",
    "portal": "Record what a portal looks like, with no person in it; serve such a file as one.",
    "s3": "Reconcile the bucket, send files again, or change its layout.",
    "env": "Print the settings in force as shell exports.",
}


class LazyGroup(click.Group):
    """Each command `x` is the function `x` of the module `ov_assets.cli.x`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"ov_assets.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Say what is wrong in one message: 1 is "failed", 2 is "wrong usage or settings"."""
        from pydantic import ValidationError

        from ov_assets.rds.connection import RdsError
        from ov_assets.sandbox import SandboxError
        from ov_assets.settings import MissingSettingError

        try:
            return super().invoke(ctx)
        except MissingSettingError as error:
            raise click.UsageError(str(error)) from error
        except ValidationError as error:
            wrong = [f"{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
            raise click.UsageError("; ".join(wrong)) from error
        except (SandboxError, RdsError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ov-assets", prog_name="ov")
def main() -> None:
    """Oficina Virtual: Web → CSV → RDS → S3, for Afinia and Air-e.

    A file .env in the working directory is read; a variable of the environment beats it.
    """
    from dotenv import load_dotenv

    load_dotenv(Path(".env"), override=False)
