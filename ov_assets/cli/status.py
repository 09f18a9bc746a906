"""`ov status`: how far each day of each company has come."""

import json
from datetime import date, timedelta

import click

from ov_assets.cli.shared import Day, company_choice, environment, print_table

COLUMNS = ("company", "date", "listed", "captured", "loaded", "rejected", "files", "pending", "uploaded")
DAYS_BACK = 30


@click.command()
@click.option("--company", type=company_choice(), help="Default: all.")
@click.option("--from", "first", type=Day(), help=f"Default: {DAYS_BACK} days before the last day.")
@click.option("--to", "last", type=Day(), help="Default: today in Bogotá.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def status(company: str | None, first: date | None, last: date | None, as_json: bool) -> None:
    """Show per company and date what is listed, captured, loaded, pending and uploaded."""
    with environment():
        from ov_assets.companies import COMPANIES
        from ov_assets.days import CompanyDay, today
        from ov_assets.rds.status import status as days_of
        from ov_assets.resources import Database, Disk, ObjectStore

        last = last or today()
        first = first or last - timedelta(days=DAYS_BACK)
        rows, bucket = [], ObjectStore().bucket_name
        with Database().connect() as connection:
            for slug in [company] if company else list(COMPANIES):
                for day in days_of(connection, slug, first, last, bucket):
                    captured = len(Disk().open().captures(CompanyDay(slug, day.fecha)).manifests())
                    counts = (day.listadas, captured, day.filas, day.rechazadas, day.archivos)
                    if any(counts):
                        rows.append((slug, day.fecha.isoformat(), *counts, day.pendientes, day.subidos))
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows]))
    else:
        print_table(f"{first} – {last}", COLUMNS, rows)
