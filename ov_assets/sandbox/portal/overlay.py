"""What control calls changed in the world of one company, kept in a JSON file: it outlives a restart."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

from .world import ADDED, Stub, World


@dataclass
class Edit:
    """Changes to one PQR; what is None or absent stays as the world made it."""

    campos: dict[str, str] = field(default_factory=dict)
    estado: str | None = None
    finalizado_en: str | None = None
    attachments: int | None = None
    deleted: bool = False


@dataclass
class Changes:
    """Everything that is written to the file."""

    clock: str | None = None
    added: dict[int, str] = field(default_factory=dict)
    edits: dict[int, Edit] = field(default_factory=dict)


class Overlay:
    """The changes of one company, and which days they touch."""

    def __init__(self, world: World, company: str, path: Path):
        self._world, self._company, self._path = world, company, path
        self.changes = Changes()
        self.version = 0
        if path.exists():
            stored = json.loads(path.read_text(encoding="utf-8"))
            self.changes = Changes(
                clock=stored["clock"],
                added={int(key): fecha for key, fecha in stored["added"].items()},
                edits={int(key): Edit(**edit) for key, edit in stored["edits"].items()},
            )
        self._index()

    def add(self, fecha: datetime) -> Stub:
        """A new PQR, finished or not according to its edit."""
        key = ADDED + len(self.changes.added)
        self.changes.added[key] = fecha.isoformat()
        self.save()
        added = self.added_stub(key)
        assert added is not None
        return added

    def added_stub(self, key: int) -> Stub | None:
        """The skeleton of an added PQR: it stays Radicado until somebody says otherwise."""
        if key not in self.changes.added:
            return None
        fecha = datetime.fromisoformat(self.changes.added[key])
        return Stub(self._company, key, self._world.radicado(self._company, key), fecha, None, None)

    def edit_of(self, key: int) -> Edit | None:
        return self.changes.edits.get(key)

    def editable(self, key: int) -> Edit:
        return self.changes.edits.setdefault(key, Edit())

    def moved(self, day: date) -> set[int]:
        """Keys of PQRs that belong to that day because they were added, or because their Fecha was edited."""
        return self._by_day.get(day, set())

    def day_of(self, key: int) -> date | None:
        """The day an overlay puts this PQR on, if it does."""
        return self._day_by_key.get(key)

    def touches(self, day: date) -> bool:
        """Whether a count of that day that was made without the overlay may be wrong."""
        return day in self._touched

    def clear(self) -> None:
        self.changes = Changes()
        self.save()

    def save(self) -> None:
        """Write to a file beside it and rename: a crash leaves the old state or the new one."""
        self._index()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".tmp")
        beside.write_text(json.dumps(asdict(self.changes), ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(beside, self._path)  # noqa: PTH105 - the one call that is atomic on every platform

    def _index(self) -> None:
        self.version += 1
        self._by_day: dict[date, set[int]] = {}
        self._day_by_key: dict[int, date] = {}
        self._touched: set[date] = set()
        for key, added in self.changes.added.items():
            self._place(key, datetime.fromisoformat(added).date())
        for key, edit in self.changes.edits.items():
            if "fecha" in edit.campos:
                self._place(key, parse_fecha(edit.campos["fecha"]).date())
            if stub := self._world.stub(self._company, key):
                self._touched.add(stub.fecha.date())

    def _place(self, key: int, day: date) -> None:
        if before := self._day_by_key.get(key):
            self._by_day[before].discard(key)
        self._day_by_key[key] = day
        self._by_day.setdefault(day, set()).add(key)
        self._touched.add(day)


def parse_fecha(text: str) -> datetime:
    """`YYYY/MM/DD HH:MM` or ISO, as Bogotá wall clock."""
    return datetime.fromisoformat(text.strip().replace("/", "-").replace("T", " "))
