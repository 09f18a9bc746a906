"""The weekly cleanup and the reconciliation as Dagster runs them."""

from dataclasses import asdict
from datetime import date, timedelta

import dagster as dg

from ov_assets.alerts.reconciled import note_reconcile
from ov_assets.assets.common import table
from ov_assets.flow.reconcile.run import Request, reconcile
from ov_assets.housekeeping.sweep import sweep
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.keys import Layout
from ov_assets.settings import Settings


class ReconcileConfig(dg.Config):
    """company: empty for all. first, last: YYYY-MM-DD, empty for everything. apply: settle, not only tell.

    note: only write states into the registry, and raise an alert. seventh: every seventh day only.
    """

    company: str = ""
    first: str = ""
    last: str = ""
    apply: bool = False
    quick: bool = False
    min_age_hours: float = 1
    multipart_age_hours: float = 24
    max_changes: int | None = None
    note: bool = False
    seventh: int | None = None

    def request(self) -> Request:
        return Request(
            self.company or None,
            date.fromisoformat(self.first) if self.first else None,
            date.fromisoformat(self.last) if self.last else None,
            self.apply,
            timedelta(hours=self.min_age_hours),
            timedelta(hours=self.multipart_age_hours),
            self.max_changes,
            self.quick,
            self.note,
            self.seventh,
        )


@dg.op
def reconcile_bucket(
    context: dg.OpExecutionContext,
    config: ReconcileConfig,
    database: Database,
    store: ObjectStore,
    disk: Disk,
) -> None:
    """Compare disk, registry and bucket; `note` writes states, `apply` settles what can be settled."""
    settings, request = Settings(), config.request()
    with database.connect() as connection:
        report = reconcile(connection, store.open(), disk.open().root, Layout(settings.ov_s3_layout), request)
        note_reconcile(connection, report, request, settings.dagster_webserver_url, context.run_id)
    columns = ("simbolo", "clave", "motivo", "accion", "detalle")
    told = [finding for finding in report.findings if not finding.in_order]
    context.add_output_metadata(
        {
            "de_acuerdo": report.agrees,
            "rutas": len(report.findings),
            "multipart_incompletos": len(report.incomplete),
            **{f"motivo_{reason}": count for reason, count in sorted(report.reasons.items())},
            **{f"accion_{action}": count for action, count in sorted(report.changed.items())},
            "hallazgos": table(
                (
                    dict(zip(columns, (f.simbolo, f.clave, f.motivo, f.accion.value, f.detalle), strict=True))
                    for f in told
                ),
                columns,
            ),
        }
    )
    context.log.info(
        f"{len(report.findings)} paths, {len(told)} to look at, {report.changed.total()} changed"
    )


@dg.op
def clean_up(context: dg.OpExecutionContext, database: Database, store: ObjectStore, disk: Disk) -> None:
    """Aplica la retención de cada clase (variables OV_KEEP_…) y dice qué liberó y qué conservó, y por qué."""
    with database.connect() as connection:
        freed = sweep(context.instance, connection, store.open(), disk.open(), Settings(), dry_run=False)
    rows = [asdict(item) | {"conservados": str(item.conservados or "")} for item in freed]
    context.add_output_metadata(
        {
            "liberado": table(rows, ("clase", "dias", "elementos", "bytes", "conservados")),
            "bytes_liberados": sum(item.bytes for item in freed),
        }
    )
    for item in freed:
        context.log.info(
            f"{item.clase}: {item.elementos} removed, {item.bytes} bytes; kept {item.conservados}"
        )
