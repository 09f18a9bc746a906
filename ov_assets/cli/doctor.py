"""`ov doctor`: whether what the flow relies on is still there."""

import asyncio
import json
import os
import sys
from dataclasses import asdict

import click

from ov_assets.cli.shared import company_choice, print_table

COLUMNS = ("page", "what", "selector", "found", "holds")


@click.group()
def doctor() -> None:
    """Check what the flow relies on."""


@doctor.command()
@click.option("--company", type=company_choice(), required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def portal(company: str, as_json: bool) -> None:
    """Log in and look for every selector and label on the login, list and detail page.

    Ends with 1 if one of them is gone, or if the portal can't be examined.
    """
    from ov_assets import sandbox
    from ov_assets.sandbox.environment import PORTALS
    from ov_assets.settings import Settings

    with sandbox.running(Settings(), [PORTALS]) as variables:
        os.environ.update(variables)
        from ov_assets.partitions import today
        from ov_assets.portal.doctor import examine
        from ov_assets.portal.errors import PortalError
        from ov_assets.resources import Portals

        portals = Portals()
        try:
            findings = asyncio.run(examine(portals.site(company), portals.limits(), today()))
        except PortalError as error:
            raise click.ClickException(f"{type(error).__name__}: {error}") from error
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        rows = [
            (finding.page, finding.name, finding.selector, finding.found, "yes" if finding.holds else "NO")
            for finding in findings
        ]
        print_table(f"Portal of {company}", COLUMNS, rows)
    if not all(finding.holds for finding in findings):
        sys.exit(1)
