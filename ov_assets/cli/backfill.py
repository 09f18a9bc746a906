"""`ov backfill`: the chain of many days, worked off by Dagster's daemon."""

import json
from dataclasses import asdict
from datetime import date

import click

from ov_assets.cli.shared import Day, company_choice, quiet_dagster, say_errors, showing_progress


@click.command()
@click.option(
    "--company", "companies", type=company_choice(), multiple=True, help="Repeatable. Default: all."
)
@click.option("--from", "first", required=True, type=Day(), help="The first day.")
@click.option("--to", "last", required=True, type=Day(), help="The last day, included.")
@click.option("--no-wait", is_flag=True, help="Only ask for it; don't follow it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def backfill(
    ctx: click.Context, companies: tuple[str, ...], first: date, last: date, no_wait: bool, as_json: bool
) -> None:
    """Ask Dagster for the whole chain of every day from --from to --to, and follow it to its end.

    It is a backfill like those of the UI: the daemon works it off, one day of a company at a time, and goes
    on when this command is stopped. What is done already isn't done again.
    Exit code 0: every partition succeeded; 1: one failed, or no daemon runs; 2: wrong usage.
    """
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}")
    quiet_dagster()
    from ov_assets.companies import COMPANIES
    from ov_assets.operations import backfill as backfills
    from ov_assets.operations.graphql import DagsterApi, DagsterApiError
    from ov_assets.sandbox.dagster_stack import variables_of_running
    from ov_assets.settings import Settings

    settings = Settings()
    found = variables_of_running(settings).get("DAGSTER_WEBSERVER_URL")
    api = DagsterApi((found or settings.dagster_webserver_url).rstrip("/"))
    partitions = backfills.partitions_of(companies or COMPANIES, first, last)
    try:
        backfills.require_daemon(api)
        from ov_assets.jobs import CHAIN

        started = backfills.launch(api, [asset.key.to_user_string() for asset in CHAIN], partitions)
        outcome = backfills.Outcome(started, f"{api.url}/runs/b/{started}", len(partitions))
        click.echo(f"Backfill {started} of {len(partitions)} partitions: {outcome.url}", err=True)
        if not no_wait:
            with showing_progress("backfill") as listener:
                for progress in backfills.follow(api, started):
                    for asset, done, total in progress.counts:
                        listener(asset, done, total)
            outcome.status, outcome.error = progress.status, progress.error
            if outcome.status != backfills.SUCCEEDED:
                outcome.failed = backfills.failed_partitions(api, started)
    except (DagsterApiError, backfills.NoDaemonError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
    elif not no_wait:
        click.echo(
            f"{outcome.status}: {len(partitions) - len(outcome.failed)} of {len(partitions)} partitions"
        )
    say_errors(f"{partition}: {run}" for partition, run in outcome.failed.items())
    say_errors([outcome.error] if outcome.error else [])
    if not no_wait and outcome.status != backfills.SUCCEEDED:
        ctx.exit(1)
