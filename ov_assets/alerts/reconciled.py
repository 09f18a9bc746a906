"""From a reconciliation to the ledger: what waits for a person. What went from the bucket has a state."""

from collections import Counter

import psycopg

from ov_assets.alerts.events import Unreconciled
from ov_assets.alerts.wording import RECONCILE_KEY, alert_of
from ov_assets.flow.reconcile.run import Report, Request
from ov_assets.rds.alert_ledger import close_alerts, open_alerts, raise_alerts


def note_reconcile(
    connection: psycopg.Connection, report: Report, request: Request, ui_url: str, run_id: str
) -> None:
    """Open an alert on what one that notes found; end it when a look at everything finds nothing.

    A look at some days leaves the alert that stands alone: it would tell of less than is to be done.
    Raises RdsError.
    """
    everything = request.whole and request.company is None
    waiting = _for_a_person(report, request)
    stands = RECONCILE_KEY in {alert.clave for alert in open_alerts(connection)}
    if waiting and request.note and (everything or not stands):
        event = Unreconciled(tuple(sorted(waiting.items())), run_id)
        raise_alerts(connection, [alert_of(event, ui_url)])
    elif everything and not waiting:
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
