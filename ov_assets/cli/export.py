"""`ov export`: the PQR of one company and day in a file for people."""

from datetime import date
from pathlib import Path

import click

from ov_assets.cli.shared import Day, company_choice


@click.command()
@click.option("--company", required=True, type=company_choice(), help="Whose PQR.")
@click.option("--date", "day", required=True, type=Day(), help="The PQR's own Fecha on the portal.")
@click.option("--xlsx", is_flag=True, help="An Excel sheet instead of a CSV.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write. Default: ov_COMPANY_DATE.csv or .xlsx here.",
)
def export(company: str, day: date, xlsx: bool, out: Path | None) -> None:
    """Write a copy of the company CSV for people, in which no cell can act as a formula.

    It holds personal data in the clear: keep it where such data may be. The CSV of the flow stays as it is.
    """
    from ov_assets.pqr.csv_contract import CsvContractError, csv_path, read_company_csv
    from ov_assets.pqr.export import write_csv_copy, write_xlsx_copy
    from ov_assets.settings import Settings

    data_dir = Settings().data_dir
    out = out or Path(f"ov_{company}_{day}.{'xlsx' if xlsx else 'csv'}")
    if out.resolve().is_relative_to(data_dir.resolve()):
        raise click.UsageError(f"{out} is inside {data_dir}, whose files are the flow's own")
    try:
        rows = read_company_csv(csv_path(data_dir, company, day))
    except CsvContractError as error:
        raise click.ClickException(f"{company} {day}: {error}") from error
    (write_xlsx_copy if xlsx else write_csv_copy)(out, rows)
    click.echo(f"{len(rows)} PQR of {company} {day} in {out}")
