"""From an event to an alert: its key, its words, its weight. Pure: the same event, the same alert."""

from datetime import date, timedelta

from ov_assets.alerts import advice
from ov_assets.alerts.events import (
    CheckFailed,
    Conflicts,
    Digest,
    Event,
    Lost,
    NotWhole,
    Quarantine,
    RunFailed,
    Unreconciled,
)
from ov_assets.companies import COMPANIES
from ov_assets.rds.alert_ledger import NewAlert

ERROR, WARNING, REPORT = "error", "aviso", "informe"
# How long a failure may come back before it is told again.
QUIET = timedelta(hours=6)
# A state that people settle: the morning's digest names it each day, so it is told once.
QUIET_STATE = timedelta(days=7)
STATE_PREFIXES = CONFLICT_PREFIX, QUARANTINE_PREFIX, LOST_PREFIX = "conflictos", "cuarentena", "perdidos"
RECONCILE_KEY = "conciliacion"
RUN_PREFIX, PORTAL_PREFIX, SHARED_PREFIX, CHECK_PREFIX, DAY_PREFIX = (
    "ejecucion",
    "portal",
    "comun",
    "control",
    "dia",
)


def key(prefix: str, *parts: object) -> str:
    """Two events with the same key are one alert."""
    return "|".join([prefix, *("-" if part is None else str(part) for part in parts)])


def company_name(slug: str | None) -> str:
    return COMPANIES[slug].name if slug in COMPANIES else "Oficina Virtual"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def shown(day: date | None) -> str:
    return f" {day:%d/%m/%Y}" if day else ""


def alert_of(event: Event, ui_url: str) -> NewAlert:
    """The alert of an event. ui_url: Dagster's address, for the links."""
    match event:
        case RunFailed():
            return _run_failed(event, ui_url)
        case CheckFailed(empresa, fecha, control, grave, detalle, run_id):
            what = advice.CHECKS.get(control, advice.OTHER_CHECK)
            return NewAlert(
                key(CHECK_PREFIX, control, empresa, fecha),
                "control",
                ERROR if grave else WARNING,
                empresa,
                fecha,
                f"{company_name(empresa)}{shown(fecha)}: {what.titulo}",
                _text([detalle, f"Control: {control}"], what.hacer, run_link(ui_url, run_id)),
                QUIET,
            )
        case NotWhole(empresa, fecha, faltas):
            return NewAlert(
                key(DAY_PREFIX, empresa, fecha),
                "dia",
                ERROR,
                empresa,
                fecha,
                f"{company_name(empresa)}{shown(fecha)}: el día no está completo",
                _text(
                    [f"Motivo: {faltas}."],
                    f"Materialice la partición {empresa}|{fecha} de `pqr_captures` en adelante.",
                    f"{ui_url}/assets/verification_report?view=partitions&partition={empresa}%7C{fecha}",
                ),
                QUIET,
            )
        case Conflicts(empresa, objetos):
            return NewAlert(
                key(CONFLICT_PREFIX, empresa),
                CONFLICT_PREFIX,
                ERROR,
                empresa,
                None,
                f"{company_name(empresa)}: {counted(objetos, 'archivo')} en conflicto en S3",
                _text(
                    ["La clave tiene otros bytes en el bucket. Nunca se sobrescribe: decide una persona."],
                    "Busque en `registros_ov_s3` las filas con estado `conflicto` y compare con el bucket.",
                    f"{ui_url}/assets/s3_objects",
                ),
                QUIET_STATE,
            )
        case Quarantine(empresa, filas, umbral):
            return NewAlert(
                key(QUARANTINE_PREFIX, empresa),
                QUARANTINE_PREFIX,
                WARNING,
                empresa,
                None,
                f"{company_name(empresa)}: {counted(filas, 'fila')} en cuarentena",
                _text(
                    [f"El umbral es {umbral}. Están en `rechazos_ov`, cada una con su motivo."],
                    "Agrupe por `motivo`; corregida la causa, repita las particiones.",
                    f"{ui_url}/assets/rds_table",
                ),
                QUIET_STATE,
            )
        case Lost(empresa, objetos):
            return NewAlert(
                key(LOST_PREFIX, empresa),
                LOST_PREFIX,
                ERROR,
                empresa,
                None,
                f"{company_name(empresa)}: {counted(objetos, 'archivo')} que estaban en S3 ya no están",
                _text(
                    ["Se suben otra vez solos, o se captura de nuevo su día si ya no están en disco."],
                    "Averigüe quién borra en el bucket. Si no vuelven, mire en `registros_ov_s3` las filas "
                    "con estado `falta_s3` o `falta_local`.",
                    f"{ui_url}/assets/s3_objects",
                ),
                QUIET_STATE,
            )
        case Unreconciled(motivos, run_id):
            return NewAlert(
                RECONCILE_KEY,
                RECONCILE_KEY,
                WARNING,
                None,
                None,
                f"Oficina Virtual: {counted(sum(n for _, n in motivos), 'diferencia')} por conciliar con S3",
                _text(
                    [f"{motivo}: {count}" for motivo, count in motivos],
                    "`ov s3 reconcile --differences` dice cuáles; `--apply` resuelve las que llevan flecha.",
                    run_link(ui_url, run_id),
                ),
                QUIET_STATE,
            )
        case Digest(fecha, completo, lineas, abiertas):
            still = ["", "Alertas abiertas:", *(f"- {title}" for title in abiertas)] if abiertas else []
            quiet = completo and not abiertas
            return NewAlert(
                key("informe", fecha),
                "informe",
                REPORT,
                None,
                fecha,
                f"Oficina Virtual{shown(fecha)}: {'todo en orden' if quiet else 'hay algo que mirar'}",
                "\n".join([*lineas, *still, "", f"{ui_url}/assets/daily_summary"]),
                QUIET,
            )


def _run_failed(event: RunFailed, ui_url: str) -> NewAlert:
    link = run_link(ui_url, event.run_id)
    where = f"{company_name(event.empresa)}{shown(event.fecha)}"
    if what := advice.PORTAL.get(event.falla):
        identity, title = key(PORTAL_PREFIX, event.empresa, event.falla), company_name(event.empresa)
        lines = [f"Código: {event.falla}", f"Último día que falló:{shown(event.fecha) or ' —'}"]
    elif what := advice.SHARED.get(event.falla):
        identity, title = key(SHARED_PREFIX, event.falla), "Oficina Virtual"
        lines = [f"Código: {event.falla}", f"Última ejecución que falló: {where}"]
    elif what := advice.SETTINGS.get(event.falla):
        identity, title = run_key(event.empresa, None, event.paso), company_name(event.empresa)
        lines = [f"Código: {event.falla}", f"Paso: {event.paso}"]
    else:
        step = event.paso or "la ejecución"
        what = advice.Advice(f"falla {step}", advice.STEPS.get(event.paso, advice.OTHER_STEP))
        identity, title = run_key(event.empresa, event.fecha, event.paso or event.trabajo), where
        lines = [f"Código: {event.falla}", f"Trabajo: {event.trabajo}"]
    return NewAlert(
        identity,
        "ejecucion",
        WARNING if what.pasajera else ERROR,
        event.empresa if not identity.startswith(SHARED_PREFIX) else None,
        event.fecha,
        f"{title}: {what.titulo}",
        _text(lines, what.hacer, link),
        QUIET,
    )


def run_key(company: str | None, day: date | None, step: str) -> str:
    return key(RUN_PREFIX, company, day, step)


def run_link(ui_url: str, run_id: str) -> str:
    return f"{ui_url}/runs/{run_id}"


def _text(lines: list[str], todo: str, link: str) -> str:
    return "\n".join([*filter(None, lines), "", f"Qué hacer: {todo}", "", link])
