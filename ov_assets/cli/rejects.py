"""`ov rejects`: rows that could not be loaded; see them, and try them again."""

import json
from datetime import date
from itertools import groupby
from typing import Any

import click

from ov_assets.cli.shared import Day, company_choice, environment, print_table

SUMMARY = ("company", "date", "reason", "rows", "with_raw_row", "first_seen", "last_seen")
REJECT = ("id", "numero_radicado", "reason", "file", "line", "first_seen", "last_seen", "what_to_look_at")
REPLAYED = ("company", "date", "entered", "rejected_again", "without_row")


@click.group()
def rejects() -> None:
    """See and replay the rows that could not be loaded."""


@rejects.command(name="list")
@click.option("--company", type=company_choice(), help="Default: all.")
@click.option("--date", "day", type=Day(), help="Default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(company: str | None, day: date | None, as_json: bool) -> None:
    """Count the rejects that wait, by company, date and reason."""
    with environment():
        rows = [_texts(row) for row in _summary(company, day)]
    _print("Rejects that wait", SUMMARY, rows, as_json)


@rejects.command()
@click.option("--company", required=True, type=company_choice())
@click.option("--date", "day", required=True, type=Day())
@click.option("--raw", is_flag=True, help="The rows themselves, decrypted with OV_ROW_KEY: personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def show(company: str, day: date, raw: bool, as_json: bool) -> None:
    """Name each reject of one company and day: file, line, reason, when it was seen."""
    with environment():
        from ov_assets.rds.replay import pending_rejects
        from ov_assets.resources import Database
        from ov_assets.settings import Settings

        key = Settings().row_key()
        if raw and key is None:
            raise click.UsageError("--raw needs OV_ROW_KEY, the key under which the rows were kept")
        with Database().connect() as connection:
            found = pending_rejects(connection, company, day)
    if raw:
        whole = [{"id": reject.id, "reason": reject.motivo, "row": reject.row(key)} for reject in found]
        for value in [whole] if as_json else whole:
            click.echo(json.dumps(value, ensure_ascii=False))
        return
    rows = [
        _texts(
            (
                reject.id,
                reject.numero_radicado or "",
                reject.motivo,
                reject.archivo,
                reject.linea,
                reject.visto_primero,
                reject.visto_ultimo,
                reject.detalle,
            )
        )
        for reject in found
    ]
    _print(f"Rejects of {company} {day}", REJECT, rows, as_json)


@rejects.command()
@click.option("--company", type=company_choice(), help="Default: all with rejects that wait.")
@click.option("--date", "day", type=Day(), help="Default: all with rejects that wait.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def replay(company: str | None, day: date | None, as_json: bool) -> None:
    """Judge rejects again under the rules in force, and load those that pass.

    A row comes from its encrypted copy (OV_ROW_KEY) or from the very CSV that it was rejected from.
    """
    rows = []
    with environment():
        from ov_assets.days import CompanyDay
        from ov_assets.rds.replay import replay as replay_partition
        from ov_assets.resources import Database, Disk
        from ov_assets.settings import Settings

        with Database().connect() as connection:
            for (slug, of), _ in groupby(_summary(company, day), key=lambda row: row[:2]):
                path = Disk().open().csv(CompanyDay(slug, of))
                done = replay_partition(connection, slug, of, path, Settings().row_key())
                rows.append(_texts((slug, of, done.reingresadas, done.siguen, done.sin_fila)))
    _print("Replayed", REPLAYED, rows, as_json)


def _summary(company: str | None, day: date | None) -> list[tuple[Any, ...]]:
    from ov_assets.rds.rejects import summary
    from ov_assets.resources import Database

    with Database().connect() as connection:
        return summary(connection, company, day)


def _texts(row: tuple[Any, ...]) -> list[Any]:
    """Dates and instants as text, to the second."""
    return [
        value.isoformat(**({"timespec": "seconds"} if hasattr(value, "hour") else {}))
        if isinstance(value, date)
        else value
        for value in row
    ]


def _print(title: str, columns: tuple[str, ...], rows: list[list[Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], ensure_ascii=False))
    elif rows:
        print_table(title, columns, rows)
    else:
        click.echo("no rejects wait")
