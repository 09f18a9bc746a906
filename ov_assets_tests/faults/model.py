"""What must be, in plain Python: one company and day, from what was captured to what the bucket holds."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def etag(data: bytes) -> str:
    """S3's, of an object that was sent whole."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class File(NamedTuple):
    """A file on record; radicado is "" for the day's CSV."""

    radicado: str
    clase: str
    nombre: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Capture:
    """What one look at one PQR found. at: when, aware. files: (clase, nombre, bytes)."""

    radicado: str
    lectura: str
    at: datetime
    files: tuple[tuple[str, str, bytes], ...]

    def on_record(self) -> set[File]:
        return {File(self.radicado, clase, nombre, sha256(data)) for clase, nombre, data in self.files}


@dataclass(frozen=True)
class Records:
    """What the database holds of the loads. ledger: hashes of the CSVs loaded. latest: the last one."""

    table: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    current: frozenset[File] = frozenset()
    known: frozenset[File] = frozenset()
    history: int = 0
    ledger: frozenset[str] = frozenset()
    latest: str | None = None

    def after(self, captures: Iterable[Capture], csv: File) -> tuple["Records", Counter[str]]:
        """After a load of these captures, and its counts."""
        table, given, counts = dict(self.table), {csv}, Counter[str]()
        for capture in captures:
            lectura, at = table.get(capture.radicado, (None, capture.at))
            if at > capture.at:
                counts["sin_cambio"] += 1
                counts["obsoletas"] += 1
                continue
            if lectura == capture.lectura:
                counts["sin_cambio"] += 1
            else:
                counts["insertadas" if lectura is None else "actualizadas"] += 1
            table[capture.radicado] = (capture.lectura, capture.at)
            given |= capture.on_record()
        named = {file.radicado for file in given}
        current = {file for file in self.current if file.radicado not in named} | given
        after = replace(
            self,
            table=table,
            current=frozenset(current),
            known=self.known | given,
            history=self.history + counts["actualizadas"],
            ledger=self.ledger | {csv.sha256},
            latest=csv.sha256,
        )
        return after, counts


@dataclass
class Bucket:
    """What the bucket must hold. Only the saboteur takes away or changes; whoever else may only add.

    objects: bytes by key. ever: every content that a key has had, by hash. touched: keys that the saboteur
    wrote. strangers: those of them that nobody had planned.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)

    def add(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.ever.setdefault(key, set()).add(sha256(data))

    def sabotage(self, key: str, data: bytes) -> None:
        self.add(key, data)
        self.touched.add(key)
