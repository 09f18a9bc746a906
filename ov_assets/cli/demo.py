"""`ov demo`: one day of both companies, twice; the second time nothing may change."""

from datetime import date

import click

from ov_assets.cli.shared import Day, environment, print_summaries, say_errors, showing_progress

DEMO_DAY = "2025-10-13"


@click.command()
@click.option("--date", "day", type=Day(), default=DEMO_DAY, show_default=True)
@click.pass_context
def demo(ctx: click.Context, day: date) -> None:
    """Bring one day of both companies from the portals to S3, then again, which must change nothing."""
    with environment() as dagster_home:
        from ov_assets.cli.partition_run import instance_of, run_chain
        from ov_assets.companies import COMPANIES
        from ov_assets.days import CompanyDay

        passes = []
        with instance_of(dagster_home) as instance:
            for title in ("First pass", "Second pass"):
                summaries = []
                for company in COMPANIES:
                    partition = CompanyDay(company, day)
                    with showing_progress(str(partition)) as listener:
                        summaries.append(run_chain(partition, instance, listener))
                click.echo(f"\n{title}")
                print_summaries(title, summaries)
                passes.append(summaries)
    errors = [error for summaries in passes for summary in summaries for error in summary.errors]
    errors += [
        f"{again.company} {again.date}: the second pass uploaded {again.uploaded} objects and changed "
        f"{again.inserted + again.updated} rows"
        for again in passes[1]
        if again.uploaded or again.inserted or again.updated
    ]
    say_errors(errors)
    if errors:
        ctx.exit(1)
    click.echo("\nThe second pass uploaded 0 objects and changed 0 rows. See it in the UI with: make up")
