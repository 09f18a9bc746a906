"""`ov s3`: the bucket against the registry and the disk, and its layout."""

import json
import re
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from ov_assets.cli.shared import Day, company_choice, environment

if TYPE_CHECKING:
    from ov_assets.flow import relayout
    from ov_assets.flow.reconcile.run import Report
    from ov_assets.s3.store import Bucket

DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType):
    """A time span such as 90s, 30m, 1h or 7d."""

    name = "1h"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = DURATION.fullmatch(str(value))
        if not match:
            self.fail(f"{value!r} is not a time span such as 90s, 30m, 1h or 7d", param, ctx)
        return timedelta(**{UNITS[match[2]]: float(match[1])})


@click.group()
def s3() -> None:
    """Compare the bucket with the registry and the disk, send files again, or change the layout."""


@s3.command()
@click.option("--company", type=company_choice(), help="Default: all.")
@click.option("--from", "first", type=Day(), help="First day of the files. Default: everything.")
@click.option("--to", "last", type=Day(), help="Last day of the files. Default: everything.")
@click.option("--apply", is_flag=True, help="Settle what can be settled; without it nothing is changed.")
@click.option("--min-age", type=Duration(), default="1h", show_default=True, help="Leave younger objects.")
@click.option("--multipart-age", type=Duration(), default="24h", show_default=True, help="Abort older ones.")
@click.option("--max-changes", type=int, help="Default: 1000 or a tenth of the paths, whichever is more.")
@click.option("--quick", is_flag=True, help="Compare local files by size; do not read them.")
@click.option("--differences", is_flag=True, help="Leave out the paths that are in order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a path.")
def reconcile(
    company: str | None,
    first: date | None,
    last: date | None,
    apply: bool,
    min_age: timedelta,
    multipart_age: timedelta,
    max_changes: int | None,
    quick: bool,
    differences: bool,
    as_json: bool,
) -> None:
    """Compare files on disk, registry and bucket, path by path, like `rclone check --combined`.

    \b
    = in both, the same     - only in the bucket     + only on disk
    * in both, different    ! nobody has the bytes

    After the path comes our reason, and what --apply does about it. Nothing is ever deleted or overwritten:
    an object that no file on record explains is copied to _cuarentena/ and noted in the registry, and a
    person decides. The predecessor's rows and objects are adopted when hash and claim match.

    Exit code: 0 in agreement (with --apply: nothing is left to do), 1 otherwise.
    """
    with environment():
        from ov_assets.flow.reconcile import run as reconciliation
        from ov_assets.rds.connection import RdsError
        from ov_assets.resources import Database, Disk
        from ov_assets.s3.errors import S3Error
        from ov_assets.s3.keys import Layout
        from ov_assets.settings import Settings

        request = reconciliation.Request(
            company, first, last, apply, min_age, multipart_age, max_changes, quick
        )
        try:
            bucket = _bucket()
            with Database().connect() as connection:
                report = reconciliation.reconcile(
                    connection, bucket, Disk().open().root, Layout(Settings().ov_s3_layout), request
                )
        except (reconciliation.TooManyChangesError, RdsError, S3Error) as error:
            raise click.ClickException(str(error)) from error
    _print(report, differences, as_json)
    raise SystemExit(0 if report.agrees else 1)


@s3.command()
@click.option("--to", "layout", type=click.Choice(["completa", "hibrida", "minima"]), required=True)
@click.option("--company", type=company_choice(), help="Default: all.")
@click.option("--dry-run", is_flag=True, help="Say what would be moved.")
@click.option("--prune", is_flag=True, help="Delete what was left behind, after --grace.")
@click.option("--grace", type=Duration(), default="7d", show_default=True, help="How long old objects stay.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def migrate(
    layout: str, company: str | None, dry_run: bool, prune: bool, grace: timedelta, as_json: bool
) -> None:
    """Move every registered object to the key that a layout gives it (docs/S3_STRUCTURE_MAPPING.md).

    Each object is copied within S3 and verified by SHA-256; then its row is switched. The old object stays
    until --prune. It can be interrupted and run again at any time. Set OV_S3_LAYOUT to the same layout first,
    so that new files go there too.

    Exit code: 0 when every object is where the layout wants it, 1 otherwise.
    """
    with environment():
        from ov_assets.flow import relayout
        from ov_assets.resources import Database
        from ov_assets.s3.errors import S3Error
        from ov_assets.s3.keys import Layout

        def progress(report: "relayout.Report") -> None:
            click.echo(f"{report.cambiados}/{report.por_mover} switched", err=True)

        try:
            bucket = _bucket()
            with Database().connect() as connection:
                report = relayout.migrate(
                    connection, bucket, Layout(layout), company, dry_run=dry_run, on_batch=progress
                )
                if prune and not dry_run:
                    relayout.prune_old(connection, bucket, report, company, grace)
        except S3Error as error:
            raise click.ClickException(str(error)) from error
    figures = asdict(report)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
    else:
        stuck = figures.pop("sin_mover")
        for name, value in (figures | figures.pop("pasos")).items():
            click.echo(f"{name}\t{value}")
        for key in stuck:
            click.echo(f"! {key}")
    raise SystemExit(0 if report.complete else 1)


@s3.command()
@click.option("--company", type=company_choice(), help="Default: all.")
@click.option("--from", "first", type=Day(), help="First day of the files. Default: everything.")
@click.option("--to", "last", type=Day(), help="Last day of the files. Default: everything.")
@click.option(
    "--state",
    type=click.Choice(["error", "conflicto", "falta_local"]),
    default="error",
    show_default=True,
    help="Which files.",
)
@click.option("--reason", default="", help="Only those whose last error begins so, such as 's3: 400'.")
@click.option("--dry-run", is_flag=True, help="Say which they are; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def requeue(
    company: str | None,
    first: date | None,
    last: date | None,
    state: str,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Have files that an upload gave up on tried again now, not after their pause of up to 24 hours.

    First mend what the error names. A conflict is uploaded again only where its key is free by now, and a
    missing file only if it is back on disk: else they end where they were.
    """
    with environment():
        from ov_assets.rds import parked, registry
        from ov_assets.resources import Database, ObjectStore

        with Database().connect() as connection:
            found = parked.parked(
                connection,
                ObjectStore().bucket_name,
                registry.Estado(state),
                company,
                first,
                last,
                reason,
            )
            done = 0 if dry_run else registry.requeue(connection, [row.id for row in found])
    if as_json:
        files = [
            {
                "company": row.empresa,
                "date": row.fecha and row.fecha.isoformat(),
                "key": row.clave_s3,
                "state": row.estado_carga,
                "reason": row.motivo,
            }
            for row in found
        ]
        click.echo(json.dumps({"requeued": done, "files": files}, ensure_ascii=False))
        return
    for row in found:
        click.echo(f"{row.clave_s3}\t{row.estado_carga}\t{row.motivo}")
    click.echo(f"{len(found)} files{'; nothing was changed' if dry_run else f', {done} requeued'}", err=True)


def _bucket() -> "Bucket":
    from ov_assets.resources import ObjectStore

    return ObjectStore().open()


def _print(report: "Report", differences: bool, as_json: bool) -> None:
    """One line a path on standard output; the totals on standard error."""
    for finding in report.findings:
        if differences and finding.in_order:
            continue
        fields = {
            "simbolo": finding.simbolo,
            "clave": finding.clave,
            "motivo": finding.motivo,
            "accion": finding.accion.value,
            "detalle": finding.detalle,
        }
        if as_json:
            click.echo(json.dumps(fields, ensure_ascii=False))
            continue
        reason = f"{finding.motivo} ({finding.detalle})" if finding.detalle else finding.motivo
        said = " -> ".join(part for part in (reason, finding.accion.value) if part)
        click.echo(f"{finding.simbolo} {finding.clave}" + (f"\t{said}" if said else ""))
    for upload in report.incomplete:
        fields = {"simbolo": "!", "clave": upload.key, "motivo": "multipart_incompleto", "accion": "abortar"}
        click.echo(json.dumps(fields) if as_json else f"! {upload.key}\tmultipart_incompleto -> abortar")
    totals = ", ".join(f"{count} {reason}" for reason, count in sorted(report.reasons.items()))
    click.echo(f"{len(report.findings)} paths: {totals or 'none'}", err=True)
    if report.applied:
        changed = ", ".join(f"{count} {action}" for action, count in sorted(report.changed.items()))
        click.echo(f"changed: {changed or 'nothing'}", err=True)
    elif not report.agrees:
        click.echo("nothing was changed; --apply settles what has an arrow", err=True)
