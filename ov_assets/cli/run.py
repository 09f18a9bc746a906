"""`ov run`: one company and one day, from the portal to S3."""

from datetime import date

import click

from ov_assets.cli.shared import (
    Day,
    as_json,
    company_choice,
    environment,
    print_summaries,
    say_errors,
    showing_progress,
)


@click.command()
@click.option("--company", required=True, type=company_choice(), help="Whose portal.")
@click.option("--date", "day", required=True, type=Day(), help="The PQR's own Fecha on the portal.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what would be loaded and uploaded; leave no row, object or capture. Session and evidence of "
    "faults are kept, as by any visit to the portal.",
)
@click.option("--reread", is_flag=True, help="Read each PQR again, though the list says the same of it.")
@click.option("--json", "as_json_object", is_flag=True, help="Print one JSON object.")
@click.pass_context
def run(
    ctx: click.Context, company: str, day: date, dry_run: bool, reread: bool, as_json_object: bool
) -> None:
    """Materialize the whole chain of one partition: portal → CSV → RDS → diff → S3 → report.

    Exit code 0: done; 1: failed; 2: wrong usage. What is done already isn't done again.
    """
    if dry_run and reread:
        raise click.UsageError("--reread is of no use with --dry-run, which keeps no capture.")
    with environment() as dagster_home:
        from ov_assets.days import CompanyDay

        partition = CompanyDay(company, day)
        keys: list[str] = []
        with showing_progress(str(partition)) as listener:
            if dry_run:
                from ov_assets.cli.dry_run import dry_run as rehearse

                summary, keys = rehearse(partition, listener)
            else:
                from ov_assets.cli.partition_run import instance_of, run_chain

                with instance_of(dagster_home) as instance:
                    summary = run_chain(partition, instance, listener, reread=reread)
    if as_json_object:
        click.echo(as_json(summary))
    else:
        for key in keys:
            click.echo(f"would upload {key}")
        if summary.listed or not summary.errors:
            print_summaries("Dry run" if dry_run else "Run", [summary])
        if not summary.listed and not summary.errors:
            click.echo(f"The portal lists no finalised PQR of {company} on {day}.")
    say_errors(summary.errors)
    if summary.errors:
        ctx.exit(1)
