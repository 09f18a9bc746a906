"""What several commands need: arguments, the environment of the sandbox, and figures for a person."""

import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ov_assets.cli.summary import Summary
    from ov_assets.flow.progress import Listener

COUNTS = (
    *("listed", "captured", "csv_rows"),
    *("inserted", "updated", "unchanged", "rejected"),
    *("files", "pending", "uploaded", "verified"),
)


class Day(click.ParamType):
    """A day that has a partition: YYYY-MM-DD, from the first one on, not in the future."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        from ov_assets.days import FIRST_DAY, today

        if isinstance(value, date):
            return value
        try:
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is not a date of the form YYYY-MM-DD", param, ctx)
        if day > today():
            self.fail(f"{day} is in the future (today in Bogotá is {today()})", param, ctx)
        if day < FIRST_DAY:
            self.fail(f"{day} is before the first partition, {FIRST_DAY}", param, ctx)
        return day


def company_choice() -> click.Choice:
    from ov_assets.companies import COMPANIES

    return click.Choice(list(COMPANIES))


def quiet_dagster() -> None:
    """Dagster's notes on its own beta features are for developers."""
    warnings.filterwarnings("ignore", module=r"dagster.*")
    warnings.filterwarnings("ignore", message=r".*(beta|preview|superseded).*")


@contextmanager
def environment() -> Iterator[str]:
    """The sandbox's parts for whatever the environment doesn't name; yields Dagster's home."""
    quiet_dagster()
    from ov_assets import sandbox
    from ov_assets.sandbox.dagster_stack import prepare_home, variables_of_running
    from ov_assets.settings import Settings

    settings = Settings()
    with sandbox.running(settings) as variables:
        os.environ.update(variables | variables_of_running(settings))
        yield str(prepare_home(settings))


@contextmanager
def showing_progress(title: str) -> Iterator["Listener"]:
    """Bars on a terminal, a plain line now and then elsewhere; on standard error: --json stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        said: set[tuple[str, int]] = set()

        def line(step: str, done: int, total: int) -> None:
            quarter = done * 4 // max(total, 1)
            if (step, quarter) not in said:
                said.add((step, quarter))
                click.echo(f"{title} {step} {done}/{total}", err=True)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def bar(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(f"{title} {step}", total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield bar


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on a terminal, tab-separated lines elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join(map(str, row)))
        return
    table = Table(title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def print_summaries(title: str, summaries: Sequence["Summary"]) -> None:
    rows = [
        (summary.company, summary.date, *(getattr(summary, name) for name in COUNTS)) for summary in summaries
    ]
    print_table(title, ("company", "date", *COUNTS), rows)


def as_json(summary: "Summary") -> str:
    return json.dumps(asdict(summary), default=str, ensure_ascii=False)


def say_errors(errors: Iterable[str]) -> None:
    for error in errors:
        click.echo(f"Error: {error}", file=sys.stderr)
