"""From a reconciliation to the ledger: what went from the bucket, and what waits for a person."""

from collections import Counter

import psycopg

from ov_assets.alerts.events import Event, Lost, Unreconciled
from ov_assets.alerts.wording import RECONCILE_KEY, alert_of
from ov_assets.flow.reconcile.judge import Accion
from ov_assets.flow.reconcile.run import Report, Request
from ov_assets.rds.alert_ledger import close_alerts, raise_alerts, to_settle


def note_reconcile(
    connection: psycopg.Connection, report: Report, request: Request, ui_url: str, run_id: str
) -> None:
    """Open alerts on what one that notes found; end the one on what a look at everything no longer finds.

    Files that are lost have a state, so `note_states` ends their alert when the last one is back.
    Raises RdsError.
    """
    waiting = _for_a_person(report, request)
    if request.note:
        events: list[Event] = [Unreconciled(tuple(sorted(waiting.items())), run_id)] if waiting else []
        if any(finding.accion is Accion.FALTA_S3 for finding in report.findings):
            lost = {company: found.perdidos for company, found in to_settle(connection).items()}
            events += [Lost(company, count) for company, count in lost.items() if count]
        raise_alerts(connection, [alert_of(event, ui_url) for event in events])
    if not waiting and request.whole and request.company is None:
        close_alerts(connection, [RECONCILE_KEY])


def _for_a_person(report: Report, request: Request) -> Counter[str]:
    """Paths by motivo. Of some days only some files were read, so an object of nobody's isn't one yet."""
    found = Counter(
        finding.motivo
        for finding in report.findings
        if finding.for_a_person
        and not (report.applied and finding.accion.settles)
        and (request.whole or finding.registro_id or finding.archivo_id)
    )
    if report.incomplete and not report.applied:
        found["multipart_incompleto"] = len(report.incomplete)
    return found
