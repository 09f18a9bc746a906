"""`ov up`: the whole stack in the foreground, until Ctrl-C."""

import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ov_assets.settings import Settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """Somebody wants it to end."""


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Dagster's webserver; default: 3000, or a free one."
)
@click.option(
    "--module", default="ov_assets.definitions", show_default=True, help="Where the definitions are."
)
def up(port: int | None, module: str) -> None:
    """Start the sandbox with Dagster on top, until Ctrl-C.

    Parts that the environment names (RDS_*, S3_*, OV_AFINIA_*, OV_AIRE_*, DAGSTER_PG_*) aren't started.
    """
    from ov_assets import sandbox
    from ov_assets.sandbox import dagster_stack, environment, leash, processes, users
    from ov_assets.sandbox.ports import is_free
    from ov_assets.settings import Settings

    settings = Settings()
    if port is not None and not is_free(port):
        raise click.UsageError(f"port {port} is taken")
    directory, needed = dagster_stack.directory_of(settings.ov_home), environment.services_needed(settings)
    try:
        with only_one(settings), stoppable():
            click.echo(f"Starting on {settings.ov_home.absolute()} …")
            with sandbox.running(settings) as variables:
                # From here on: what outlives a killed supervisor of Dagster's processes becomes ours to end.
                leash.adopt_orphans()
                with dagster_stack.running_dagster(settings, variables, port=port, module=module) as url:
                    show_addresses(settings, variables, url)
                    watch(
                        lambda: users.trouble(directory, dagster_stack.SERVICES),
                        lambda: users.trouble(environment.directory_of(settings), needed) if needed else None,
                    )
    except Stop:
        click.echo("Stopped.")
    finally:
        processes.end_descendants()
        sandbox.wait_until_stopped(settings)


def watch(*troubles: Callable[[], str | None]) -> NoReturn:
    """Until a service dies, or a signal comes."""
    while True:
        time.sleep(0.5)
        for trouble in troubles:
            if found := trouble():
                raise click.ClickException(found)


@contextmanager
def only_one(settings: "Settings") -> "Iterator[None]":
    from ov_assets.sandbox.locks import FileLock

    lock = FileLock(settings.ov_home.absolute() / "up" / "up.lock")
    try:
        if not lock.try_exclusive():
            raise click.ClickException(f"`ov up` runs already on {settings.ov_home.absolute()}")
        yield
    finally:
        lock.close()


@contextmanager
def stoppable() -> "Iterator[None]":
    """Turn the first signal into `Stop`; later ones are ignored, since stopping takes its few seconds."""

    def stop(*_: object) -> NoReturn:
        for signum in STOP_SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        click.echo("Stopping …")
        raise Stop

    for signum in STOP_SIGNALS:
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:  # nohup means it
            signal.signal(signum, stop)
    yield


def show_addresses(settings: "Settings", variables: dict[str, str], url: str) -> None:
    """What to open, and with which account: a table on a terminal, plain lines elsewhere."""
    from rich.console import Console
    from rich.table import Table

    rows = addresses(settings, variables, url)
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table("What", "Where", "Account", title="Running; Ctrl-C stops it")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def addresses(settings: "Settings", variables: dict[str, str], url: str) -> list[tuple[str, str, str]]:
    """(what, where, account). Passwords are `ov env`'s to print."""
    from ov_assets.companies import COMPANIES

    rows = [("Dagster", url, "")]
    for slug, company in COMPANIES.items():
        if portal := variables.get(f"OV_{slug.upper()}_URL"):
            rows.append((f"Portal {company.name}", portal, variables[f"OV_{slug.upper()}_USERNAME"]))
    if host := variables.get("RDS_HOST"):
        where = f"{host}:{variables['RDS_PORT']}/{variables['RDS_DATABASE']}"
        rows.append(("PostgreSQL", where, variables["RDS_USERNAME"]))
    if bucket := variables.get("S3_BUCKET_NAME"):
        rows.append(("S3", f"{variables['S3_ENDPOINT_URL']}/{bucket}", variables["AWS_ACCESS_KEY_ID"]))
    rows.append(("Logs", str(settings.ov_home.absolute() / "logs"), ""))
    rows.append(("In a shell", 'eval "$(ov env)"', ""))
    return rows
