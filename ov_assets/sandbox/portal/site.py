"""One company's portal without the HTTP: book, faults, sessions, counters, and what faults do to the data."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from .attachments import Attachment, Files, attachments_of
from .book import Book, Pqr, Query
from .faults import Faults
from .overlay import Overlay
from .session import Account, Sessions
from .world import FINALIZADO, Stub, World

DUPLICATED_SGC = "RE3180202500001"
LATE_SGC_MS = 1200


@dataclass(frozen=True)
class Brand:
    """How a company looks; an invented look, with nobody's logo."""

    company: str
    nombre: str
    lema: str
    primary: str
    accent: str
    color: str
    color_oscuro: str
    color_acento: str


BRANDS = {
    "afinia": Brand(
        "afinia", "Afinia", "Energía para el Caribe", "teal", "orange", "#00695c", "#004d40", "#f9a825"
    ),
    "aire": Brand("aire", "Air-e", "Siempre conectados", "indigo", "cyan", "#303f9f", "#1a237e", "#00acc1"),
}


@dataclass
class Stats:
    """What clients asked for, so that a test can say "one login" or "no attachment twice"."""

    logins_ok: int = 0
    logins_failed: int = 0
    page_requests: int = 0
    list_requests: int = 0
    noise_requests: int = 0
    detail_requests: Counter[str] = field(default_factory=Counter)
    attachment_requests: Counter[str] = field(default_factory=Counter)


class Site:
    """Everything of one company that the pages, the XHR endpoints and the control API share."""

    def __init__(self, company: str, world: World, state_dir: Path, account: Account):
        self.company, self.world, self.brand = company, world, BRANDS[company]
        self.faults = Faults()
        self.overlay = Overlay(world, company, state_dir / f"portal-{company}.json")
        self.book = Book(world, company, self.overlay)
        self.files = Files(world)
        self.sessions = Sessions(account, self.faults)
        self.stats = Stats()
        self.release = asyncio.Event()
        self._lists_since_shift = 0

    def reset(self) -> None:
        """As on the first day: no changes, no faults, real clock, nobody logged in."""
        self.overlay.clear()
        self.faults.reset()
        self.sessions.close_all()
        self.stats = Stats()
        self._lists_since_shift = 0
        self.let_go()

    def let_go(self) -> None:
        """Answer the XHR that a fault has left hanging."""
        self.release.set()
        self.release = asyncio.Event()

    def popup(self, page: str) -> dict | None:
        """When the popup comes up on the login page or on the pages after it, or None if it doesn't."""
        fault = self.faults.get("popup")
        mode = fault.mode if fault else ("normal" if self.company == "afinia" else "off")
        shown = (
            mode in {"normal", "late", "again_after_login"}
            if page == "login"
            else mode == "again_after_login"
        )
        return {"ms": fault.ms if fault else 2000} if shown else None

    def shown(self, stub: Stub) -> Pqr:
        """A PQR as the portal shows it now: what `sgc` and `attachments` change is changed for everybody."""
        pqr = self.book.full(stub)
        campos, delay, files = dict(pqr.campos), pqr.sgc_delay_ms, pqr.adjuntos
        match self.faults.mode("attachments", pqr.numero_radicado):
            case "none":
                files = ()
            case "two":
                files = attachments_of(self.world, stub, 2)
        campos["documento_prueba"] = "\n".join(file.nombre for file in files)
        match self.faults.mode("sgc", pqr.numero_radicado):
            case "blank":
                campos["numero_reclamo_sgc"], delay = "", 0
            case "late":
                campos["numero_reclamo_sgc"] = campos["numero_reclamo_sgc"] or DUPLICATED_SGC
                delay = LATE_SGC_MS
            case "numeric":
                campos["numero_reclamo_sgc"], delay = f"{10_000_000 + stub.key % 80_000_000}", 0
            case "duplicated":
                campos["numero_reclamo_sgc"], delay = DUPLICATED_SGC, 0
        return replace(pqr, campos=campos, adjuntos=files, sgc_delay_ms=delay)

    def content(self, numero_radicado: str, file: Attachment) -> bytes:
        """What a file holds; one that the mode `zero_bytes` has emptied holds nothing."""
        emptied = self.faults.mode("attachments", numero_radicado) == "zero_bytes"
        return b"" if emptied else self.files.content(file)

    def listing(self, query: Query, page: int, size: int) -> tuple[list[Stub], int]:
        """One page of the list and the total, with the faults that concern the list."""
        self._shift(query)
        if self.faults.get("empty_result"):
            return [], 0
        if self.faults.get("filters_ignored"):
            query = Query()
        query = self._understood(query)
        start = (page - 1) * size
        total = self.faults.get("total_override")
        count = total.total if total else self.book.count(query)
        repeated = self.faults.get("repeated_radicado")
        if repeated and count > (repeated.page - 1) * size:
            rows_before = start - 1 if page >= repeated.page else start
            return self._rows(query, rows_before, size, count), count + 1
        layout = self.faults.get("layout_changed")
        if layout and "oldest_first" in layout.which:
            length = max(0, min(size, count - start))
            return self._rows(query, count - start - length, length, count)[::-1], count
        return self._rows(query, start, size, count), count

    def _understood(self, query: Query) -> Query:
        exclusive, day = self.faults.get("exclusive_dates"), timedelta(days=1)
        if exclusive and exclusive.which == "end" and query.hasta:
            return replace(query, hasta=query.hasta - day)
        if exclusive and exclusive.which == "start" and query.desde:
            return replace(query, desde=query.desde + day)
        return query

    def _rows(self, query: Query, start: int, length: int, total: int) -> list[Stub]:
        length = max(0, min(length, total - start))
        rows = self.book.slice(query, start, length)
        if len(rows) == length:
            return rows
        first = start + len(rows) - self.book.count(query)
        day = query.desde or query.hasta
        keys = (self.world.synthetic_key(day, first + more) for more in range(length - len(rows)))
        return rows + [self.world.synthetic(self.company, key) for key in keys]

    def _shift(self, query: Query) -> None:
        """Let a new PQR come up at the top of the list while somebody is paging through it."""
        fault = self.faults.get("shift_every")
        if fault is None or fault.done >= fault.max:
            return
        self._lists_since_shift += 1
        if self._lists_since_shift < fault.pages:
            return
        self._lists_since_shift = 0
        fault.done += 1
        now = self.book.now()
        listed = date.fromisoformat(fault.day) if fault.day else query.hasta or now.date()
        end_of_day = datetime.combine(listed, datetime.min.time()) + timedelta(
            hours=23, minutes=59, seconds=59
        )
        self.add(min(end_of_day, now), FINALIZADO)

    def add(
        self, fecha: datetime, estado: str, campos: dict | None = None, attachments: int | None = None
    ) -> Stub:
        """A new PQR, as if somebody had just filed it."""
        stub = self.overlay.add(fecha)
        self.change(stub, campos or {}, estado, attachments)
        return stub

    def change(self, stub: Stub, campos: dict, estado: str | None, attachments: int | None) -> None:
        """Edit what an operator could edit; the time of an edit to Finalizado is the portal's now."""
        edit = self.overlay.editable(stub.key)
        edit.campos.update(campos)
        if estado:
            edit.estado = estado
            edit.finalizado_en = self.book.now().isoformat() if estado == FINALIZADO else None
        if attachments is not None:
            edit.attachments = attachments
        self.overlay.save()
