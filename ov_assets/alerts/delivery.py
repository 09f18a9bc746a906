"""From the ledger to people, through apprise: e-mail, Slack, Teams, Telegram, WhatsApp gateways, webhooks."""

import hashlib
import logging
from dataclasses import dataclass

import apprise
import psycopg
from apprise.utils.parse import parse_urls

from ov_assets.rds.alert_ledger import DueNotice, next_due, note_delivery

KINDS = {
    "error": apprise.NotifyType.FAILURE,
    "aviso": apprise.NotifyType.WARNING,
    "informe": apprise.NotifyType.INFO,
}
logger = logging.getLogger(__name__)


class DeliveryError(Exception):
    """A notice could not be delivered to every target; it stays in the ledger and is tried again."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address. id: a hash that tells it apart. shown: its URL without passwords."""

    id: str
    shown: str
    plugin: apprise.NotifyBase

    def send(self, title: str, body: str, kind: apprise.NotifyType) -> bool:
        """Whether the other side took it."""
        return bool(self.plugin.notify(body=body, title=title, notify_type=kind))


def targets_of(urls: str) -> list[Target]:
    """The targets of OV_ALERT_URLS. Raises DeliveryError for a URL that apprise doesn't understand."""
    targets = []
    for number, url in enumerate(parse_urls(urls), start=1):
        plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if plugin is None:
            raise DeliveryError(f"OV_ALERT_URLS: apprise doesn't understand the URL number {number}")
        identity = hashlib.sha256(url.encode()).hexdigest()[:16]
        targets.append(Target(identity, plugin.url(privacy=True).split("?")[0], plugin))
    if not targets:
        raise DeliveryError("OV_ALERT_URLS holds no URL")
    return targets


def words_of(notice: DueNotice) -> tuple[str, str, apprise.NotifyType]:
    """Title, body and kind of a notice: a first one, a repeated one, or the end of an alert."""
    if notice.cerrada_en:
        body = (
            f"Resuelto. Estuvo abierto desde {notice.abierta_en:%d/%m/%Y %H:%M}; visto {notice.veces} veces."
        )
        return f"Resuelto: {notice.titulo}", body, apprise.NotifyType.SUCCESS
    seen = f"\n\nVisto {notice.veces} veces desde {notice.abierta_en:%d/%m/%Y %H:%M}."
    return notice.titulo, notice.mensaje + (seen if notice.veces > 1 else ""), KINDS[notice.gravedad]


def deliver_due(connection: psycopg.Connection, targets: list[Target]) -> int:
    """Send every notice that is due; returns how many are out.

    What reached one target isn't sent to it again because another one is down. Raises DeliveryError after
    all were tried, RdsError.
    """
    failed: dict[str, int] = {}
    sent, last_id = 0, 0
    while True:
        with connection.transaction():
            notice = next_due(connection, last_id)
            if notice is None:
                break
            last_id = notice.id
            title, body, kind = words_of(notice)
            reached = [target.id for target in targets if target.id in notice.entregada_a]
            for target in targets:
                if target.id in reached:
                    continue
                if target.send(title, body, kind):
                    reached.append(target.id)
                else:
                    failed[target.shown] = failed.get(target.shown, 0) + 1
            complete = len(reached) == len(targets)
            note_delivery(connection, notice.id, reached, complete=complete)
            sent += complete
    if failed:
        told = "; ".join(f"{shown}: {count}" for shown, count in failed.items())
        raise DeliveryError(f"notices not delivered, they stay in data_general.alertas_ov: {told}")
    return sent
