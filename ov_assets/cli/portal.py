"""`ov portal`: what a portal looks like, taken away without anybody's data, and served again elsewhere."""

import asyncio
import contextlib
import os
from datetime import date, timedelta
from pathlib import Path

import click

from ov_assets.cli.shared import Day, company_choice

MAIL_MAX_BYTES = 1_000_000


@click.group()
def portal() -> None:
    """Record what a portal looks like, with no person in it; serve such a file as a portal."""


@portal.command()
@click.option("--company", required=True, type=company_choice(), help="Whose portal.")
@click.option("--date", "day", type=Day(), help="The day whose PQR are opened. [default: yesterday]")
@click.option("--pqrs", type=click.IntRange(1, 20), default=12, show_default=True, help="How many at most.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Packed if it ends in .gz. [default: portal-COMPANY.json]",
)
def record(company: str, day: date | None, pqrs: int, out: Path | None) -> None:
    """Log in, filter, turn a page, open a few PQR and their files, and keep the shape of it all.

    Every name, number, text, date and id is replaced by another one of the same shape; captions stay. Read
    the file before you send it. It asks the portal for no more than a capture of so many PQR does.
    """
    from ov_assets import sandbox
    from ov_assets.sandbox.environment import PORTALS
    from ov_assets.settings import Settings

    with sandbox.running(Settings(), [PORTALS]) as variables:
        os.environ.update(variables)
        from ov_assets.days import today
        from ov_assets.operations.doctor.portals import reserve_account
        from ov_assets.portal.errors import PortalError
        from ov_assets.portal.pages_file import PagesFileError
        from ov_assets.portal.recording.masked import masked
        from ov_assets.portal.recording.record import visit
        from ov_assets.rds.locks import LockBusyError
        from ov_assets.resources import Portals

        portals, day = Portals(), day or today() - timedelta(days=1)
        try:
            site = portals.site(company)
            with contextlib.ExitStack() as held:
                reserve_account(held, company)
                seen = asyncio.run(visit(site, portals.limits(site), day, pqrs))
        except (PortalError, PagesFileError, LockBusyError) as error:
            raise click.ClickException(f"{type(error).__name__}: {error}") from error
    recording, _ = masked(seen, site, day)
    out = out or Path(f"portal-{company}.json")
    size_bytes = recording.write(out)
    files = sum(len(detail.files) for detail in recording.details)
    click.echo(f"{out}: {len(recording.details)} PQR, {files} files, {size_bytes / 1000:.0f} kB.")
    for name, count in recording.left_out.items():
        click.echo(f"{count} PQR left out: {name}", err=True)
    if seen.stopped:
        click.echo(f"The visit ended early; what was seen is kept. {seen.stopped}", err=True)
    if size_bytes > MAIL_MAX_BYTES:
        click.echo("That is much for an e-mail: name it .json.gz, or take fewer --pqrs.", err=True)


@portal.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--port", type=int, default=0, help="[default: a free one]")
def replay(file: Path, port: int) -> None:
    """Serve a recording as a portal on this machine, until Ctrl-C. Any user and password log in."""
    import signal

    from ov_assets.portal.pages_file import PagesFileError, read_pages
    from ov_assets.portal.recording.document import RecordingError, read
    from ov_assets.sandbox.replay.serve import serving
    from ov_assets.settings import Settings

    try:
        recording = read(file)
        pages = read_pages(recording.company, Settings().ov_portal_pages)
    except (RecordingError, PagesFileError) as error:
        raise click.ClickException(str(error)) from error
    prefix = f"OV_{recording.company.upper()}"
    with serving(recording, pages, port) as url:
        click.echo(f"export {prefix}_URL={url} {prefix}_USERNAME=any {prefix}_PASSWORD=any")
        click.echo(f"# ov run --company {recording.company} --date {recording.day} --dry-run")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
