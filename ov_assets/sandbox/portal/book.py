"""The PQRs of one company as its portal would show them at this moment: world + overlay + clock.

The list page and the control API's truth both read from here, so they cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from .attachments import Attachment, attachments_of
from .fields import FECHA_FORMAT, KEYS, FieldMaker
from .overlay import Overlay, parse_fecha
from .world import (
    ADDED,
    EN_PROCESO,
    FINALIZADO,
    FIRST_DAY,
    LAST_CHANGE_DAYS,
    SYNTHETIC,
    Stub,
    World,
)

BOGOTA = ZoneInfo("America/Bogota")


@dataclass(frozen=True, slots=True)
class Query:
    """What the filter panel asks for; None means that the control was left alone."""

    estado: str | None = None
    desde: date | None = None
    hasta: date | None = None


@dataclass(frozen=True, slots=True)
class Pqr:
    """One PQR in full, as the portal shows it now."""

    id: str
    key: int
    campos: dict[str, str]
    barrio: str
    adjuntos: tuple[Attachment, ...]
    sgc_delay_ms: int
    finalizado_en: datetime | None

    @property
    def numero_radicado(self) -> str:
        return self.campos["numero_radicado"]


class Book:
    """Reads the world through the overlay, at the company's own clock."""

    def __init__(self, world: World, company: str, overlay: Overlay):
        self.world, self.company, self.overlay = world, company, overlay
        self.fields = FieldMaker(world)
        self._settled: dict[date, Counter[str]] = {}

    def now(self) -> datetime:
        """Bogotá wall clock: the real one, unless a control call has stopped it."""
        if self.overlay.changes.clock:
            return datetime.fromisoformat(self.overlay.changes.clock)
        return datetime.now(BOGOTA).replace(tzinfo=None)

    def estado(self, stub: Stub, now: datetime) -> str:
        edit = self.overlay.edit_of(stub.key)
        return edit.estado if edit and edit.estado else stub.estado(now)

    def day(self, day: date, now: datetime) -> list[Stub]:
        """The PQRs of that day that exist by now, newest first."""
        stubs = [*self.world.pqrs(self.company, day)]
        if self.overlay.touches(day):
            stubs = [stub for stub in stubs if self._belongs(stub, day)]
            moved = (self.stub(key) for key in self.overlay.moved(day))
            stubs += [stub for stub in moved if stub is not None]
            stubs.sort(key=lambda stub: stub.newest_first, reverse=True)
        return [stub for stub in stubs if stub.fecha <= now]

    def _belongs(self, stub: Stub, day: date) -> bool:
        edit = self.overlay.edit_of(stub.key)
        return edit is None or (not edit.deleted and self.overlay.day_of(stub.key) is None)

    def stub(self, key: int) -> Stub | None:
        """The skeleton behind a key, with an edited Fecha, unless it was deleted."""
        if key >= SYNTHETIC:
            return self.world.synthetic(self.company, key)
        found = self.overlay.added_stub(key) if key >= ADDED else self.world.stub(self.company, key)
        edit = self.overlay.edit_of(key)
        if found is None or edit is None:
            return found
        if edit.deleted:
            return None
        return found._replace(fecha=parse_fecha(edit.campos["fecha"])) if "fecha" in edit.campos else found

    def find(self, radicado: str) -> Stub | None:
        key = self.world.key_of_radicado(radicado)
        found = None if key is None else self.stub(key)
        return found if found and found.numero_radicado == radicado else None

    def find_id(self, pqr_id: str) -> Stub | None:
        key = self.world.key_of_id(self.company, pqr_id)
        found = None if key is None else self.stub(key)
        return found if found and found.fecha <= self.now() else None

    def full(self, stub: Stub) -> Pqr:
        """Everything the portal shows of it now, before anybody normalises anything."""
        content = self.fields.of(stub)
        edit = self.overlay.edit_of(stub.key)
        count = edit.attachments if edit else None
        files = attachments_of(self.world, stub, count)
        now = self.now()
        shown = {
            **content.campos,
            "estado_solicitud": self.estado(stub, now),
            "fecha": stub.fecha.strftime(FECHA_FORMAT),
            "documento_prueba": "\n".join(file.nombre for file in files),
            **(edit.campos if edit else {}),
        }
        finished = stub.finished_at if stub.finished_at and stub.finished_at <= now else None
        if edit and edit.estado:
            finished = datetime.fromisoformat(edit.finalizado_en) if edit.finalizado_en else None
        pqr_id = self.world.pqr_id(self.company, stub.key)
        campos = {key: shown[key] for key in KEYS}
        return Pqr(pqr_id, stub.key, campos, content.barrio, files, content.sgc_delay_ms, finished)

    def count(self, query: Query) -> int:
        """How many PQRs a query finds."""
        now = self.now()
        return sum(self._matching(day, query, now) for day in self._days(query, now))

    def slice(self, query: Query, start: int, length: int) -> list[Stub]:
        """Part of what a query finds, newest first; days before the part are only counted."""
        now = self.now()
        found: list[Stub] = []
        for day in self._days(query, now):
            if len(found) >= length:
                break
            size = self._matching(day, query, now)
            if size <= start:
                start -= size
                continue
            stubs = self.day(day, now)
            if query.estado:
                stubs = [stub for stub in stubs if self.estado(stub, now) == query.estado]
            found += stubs[start : start + length - len(found)]
            start = 0
        return found

    def _days(self, query: Query, now: datetime) -> Iterator[date]:
        day = min(query.hasta or now.date(), now.date())
        last = max(query.desde or FIRST_DAY, FIRST_DAY)
        while day >= last:
            yield day
            day -= timedelta(days=1)

    def _matching(self, day: date, query: Query, now: datetime) -> int:
        if query.estado is None and day < now.date() and not self.overlay.touches(day):
            return self.world.size(self.company, day)
        counts = self._counts(day, now)
        return counts[query.estado] if query.estado else counts.total()

    def _counts(self, day: date, now: datetime) -> Counter[str]:
        """How many PQRs of each state; remembered once a day can't change any more without a control call."""
        settled = now.date() - day > timedelta(days=LAST_CHANGE_DAYS) and not self.overlay.touches(day)
        if settled and day in self._settled:
            return self._settled[day]
        if settled:
            # The end state, without asking the clock PQR by PQR: that is what makes the first count fast.
            stubs = self.world.pqrs(self.company, day)
            finished = sum(stub.finished_at is not None for stub in stubs)
            counts = Counter({FINALIZADO: finished, EN_PROCESO: len(stubs) - finished})
            self._settled[day] = counts
            return counts
        return Counter(self.estado(stub, now) for stub in self.day(day, now))
