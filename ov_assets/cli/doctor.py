"""`ov doctor`: whether what the flow relies on is there and good."""

import asyncio
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ov_assets.cli.shared import company_choice, print_table, quiet_dagster

if TYPE_CHECKING:
    from ov_assets.operations.doctor.diagnosis import Diagnosis
    from ov_assets.settings import Settings

COLUMNS = ("name", "expected", "found", "holds", "nearest on the page")
STYLES = {"bien": "green", "mal": "bold red", "sin_mirar": "yellow"}


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look at portals, browser, PostgreSQL, S3, disk, clock and Dagster; say what is wrong and its mend.

    Logs in once to each portal, and puts one object into the bucket, which it takes away again.
    Exit code 0: all is good; 1: something is wrong.
    """
    if ctx.invoked_subcommand:
        return
    from rich.console import Console

    from ov_assets.settings import Settings

    quiet_dagster()
    logging.getLogger().addHandler(logging.NullHandler())  # Dagster tells each retry; one line says it all
    with Console(stderr=True).status("Mirando …"), parts(Settings()) as of_sandbox:
        from ov_assets.operations.doctor.examination import examine

        found = [*of_sandbox, *examine()]
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in found], ensure_ascii=False))
    else:
        show(found)
    if any(diagnosis.estado == "mal" for diagnosis in found):
        ctx.exit(1)


@contextmanager
def parts(settings: "Settings") -> "Iterator[list[Diagnosis]]":
    """The sandbox's parts for what the environment doesn't name, one by one; yields what it says of them."""
    from ov_assets import sandbox
    from ov_assets.operations.doctor.diagnosis import Area
    from ov_assets.rds.connection import RdsError
    from ov_assets.sandbox.dagster_stack import prepare_home, variables_of_running
    from ov_assets.sandbox.environment import GROUPS, is_replaced, logs_of
    from ov_assets.settings import MissingSettingError

    os.environ["DAGSTER_HOME"] = str(settings.dagster_home or prepare_home(settings))
    os.environ.update(variables_of_running(settings))
    area, found, simulated = Area("Sandbox"), [], []
    with ExitStack() as held:
        for group in GROUPS:
            try:
                if not is_replaced(settings, group):
                    simulated.append(group)
                os.environ.update(held.enter_context(sandbox.running(settings, [group])))
            except MissingSettingError:
                continue  # its area names the variable
            except (sandbox.SandboxError, RdsError) as error:
                mend = f"Mire {logs_of(settings)}, o nombre la parte verdadera (.env.example)."
                found.append(area.bad(group, str(error).splitlines()[0], mend))
        if simulated:
            found.append(area.good("partes simuladas", f"{', '.join(simulated)}: el entorno no las nombra"))
        yield found


def show(found: "Sequence[Diagnosis]") -> None:
    """A table of green and red on a terminal, tab-separated lines elsewhere."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = ("área", "qué", "estado", "visto", "remedio")
    console = Console()
    if not console.is_terminal:
        print_table("", columns, [list(asdict(diagnosis).values()) for diagnosis in found])
        return
    table = Table(*columns, title="ov doctor")
    for before, diagnosis in zip([None, *found], found, strict=False):
        if before and before.area != diagnosis.area:
            table.add_section()
        area = "" if before and before.area == diagnosis.area else diagnosis.area
        state = Text(diagnosis.estado.replace("_", " "), STYLES[diagnosis.estado])
        table.add_row(area, diagnosis.cosa, state, Text(diagnosis.visto), Text(diagnosis.remedio))
    console.print(table)
    states = Counter(diagnosis.estado.value for diagnosis in found)
    console.print(
        f"{states['bien']} bien, {states['mal']} mal, {states['sin_mirar']} sin mirar", style="bold"
    )


@doctor.command()
@click.option("--company", type=company_choice(), required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--overlay", is_flag=True, help="Print only what OV_PORTAL_PAGES needs, as a file.")
def portal(company: str, as_json: bool, overlay: bool) -> None:
    """Log in, filter, turn a page, open a PQR and fetch a file; say what each page calls differently.

    For each miss: what comes nearest on the page, as the line that OV_PORTAL_PAGES needs. Ends with 1 if
    anything is missing, or if the portal can't be examined.
    """
    from ov_assets import sandbox
    from ov_assets.portal.pages_file import PagesFileError
    from ov_assets.sandbox.environment import PORTALS
    from ov_assets.settings import Settings

    with sandbox.running(Settings(), [PORTALS]) as variables:
        os.environ.update(variables)
        from ov_assets.days import today
        from ov_assets.operations.doctor.portals import reserve_account
        from ov_assets.portal.errors import PortalError
        from ov_assets.portal.examination import examine
        from ov_assets.portal.nearest import overlay_of
        from ov_assets.rds.locks import LockBusyError
        from ov_assets.resources import Portals

        portals = Portals()
        try:
            site = portals.site(company)
            with ExitStack() as held:
                reserve_account(held, company)
                findings = asyncio.run(examine(site, portals.limits(site), today()))
        except (PortalError, PagesFileError, LockBusyError) as error:
            raise click.ClickException(f"{type(error).__name__}: {error}") from error
    lines = overlay_of(finding.line for finding in findings if finding.line)
    if overlay:
        click.echo(lines, nl=False)
    elif as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        rows = [
            (finding.name, finding.expected, finding.found, "yes" if finding.holds else "NO", finding.line)
            for finding in findings
        ]
        print_table(f"Portal of {company}", COLUMNS, rows)
        if lines.strip():
            click.echo(
                f"\nA file with these lines, named by OV_PORTAL_PAGES, lies over what is expected:\n\n{lines}"
            )
    if not all(finding.holds for finding in findings):
        sys.exit(1)
