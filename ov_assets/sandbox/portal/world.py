"""A deterministic world of PQRs, made from a seed: which exist, when each was filed and when it was finished.

Only the skeleton is made here (`Stub`), because the unfiltered list needs 65,000 of them within a second;
what a PQR says is made lazily in `fields.py`, and its files in `attachments.py`.

Every PQR has an integer `key`. Radicado and id are functions of it, and `World.key_of_id` is the way back, so
that a detail page is found without an index. The id hides the key, as a page object must not guess it.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

COMPANIES = ("afinia", "aire")
FIRST_DAY = date(2021, 11, 24)
LAST_CHANGE_DAYS = 13
"""After so many days, no PQR of a day changes its state by itself any more."""

RADICADO, EN_PROCESO, FINALIZADO = ESTADOS = ("Radicado", "En proceso", "Finalizado")

GOOD_FRIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2022-04-15",
        "2023-04-07",
        "2024-03-29",
        "2025-04-18",
        "2026-04-03",
        "2027-03-26",
        "2028-04-14",
    )
)
DAILY = (28, 44)
ADDED = 1_000_000_000
SYNTHETIC = 2_000_000_000
_PER_DAY = 1_000_000
_UNDATED = 9_000 * _PER_DAY
_SCRAMBLE = 0x5DEECE66D1B
_UNSCRAMBLE = pow(_SCRAMBLE, -1, 1 << 48)


class Stub(NamedTuple):
    """As much of a PQR as the list needs for counting, filtering and sorting."""

    company: str
    key: int
    numero_radicado: str
    fecha: datetime
    started_at: datetime | None
    finished_at: datetime | None

    def estado(self, now: datetime) -> str:
        """The state at `now`: time alone moves a PQR forward."""
        if self.finished_at and self.finished_at <= now:
            return FINALIZADO
        if self.started_at and self.started_at <= now:
            return EN_PROCESO
        return RADICADO

    @property
    def newest_first(self) -> tuple[datetime, str]:
        return (self.fecha, self.numero_radicado)


def is_empty_day(day: date) -> bool:
    """Nobody files a PQR on these days, so that an empty day is something that really occurs."""
    return (day.month, day.day) in {(12, 25), (1, 1)} or day in GOOD_FRIDAYS


class World:
    """All PQRs of both companies, always the same for the same seed.

    daily: the fewest and the most PQRs that are filed on a day. first_day: nothing was filed before it.
    """

    def __init__(self, seed: int = 7, daily: tuple[int, int] = DAILY, first_day: date = FIRST_DAY):
        self.seed, self.daily, self.first_day = seed, daily, max(first_day, FIRST_DAY)
        self._days: dict[tuple[str, date], tuple[Stub, ...]] = {}

    def random(self, *names: object) -> Random:
        """A generator of its own for each thing, so that no thing depends on what was asked before it."""
        return Random(":".join(map(str, (self.seed, *names))))

    def pqrs(self, company: str, day: date) -> tuple[Stub, ...]:
        """Every PQR ever filed on that day, newest first."""
        found = self._days.get((company, day))
        if found is None:
            found = self._days[company, day] = tuple(self._make(company, day))
        return found

    def size(self, company: str, day: date) -> int:
        """How many PQRs were ever filed on that day, without making them: that is what a total needs."""
        if (company, day) in self._days:
            return len(self._days[company, day])
        return self._count(company, day, self.random(company, day))

    def _count(self, company: str, day: date, rng: Random) -> int:
        """The first draw of a day: `size` and `_make` must agree on it."""
        if company not in COMPANIES or day < self.first_day or is_empty_day(day):
            return 0
        return rng.randint(*self.daily)

    def _make(self, company: str, day: date) -> list[Stub]:
        rng = self.random(company, day)
        count = self._count(company, day, rng)
        if not count:
            return []
        finished_min = max(1, self.daily[0] - 2)
        never = set(rng.sample(range(count), min(count - finished_min, rng.choice((0, 1, 1, 2, 3)))))
        first_key = (day - FIRST_DAY).days * 100
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - Bogotá wall clock, as the portal shows it
        # Offices open at six; the web form takes a few at night as well.
        minutes = sorted(
            rng.randrange(360, 1230) if rng.random() < 0.93 else rng.randrange(1440) for _ in range(count)
        )
        stubs = []
        for index, minute in enumerate(minutes):
            filed = midnight + timedelta(minutes=minute)
            started = filed + timedelta(minutes=rng.randint(5, 240))
            late = rng.random() < 0.4
            wait = rng.randint(1440, 12 * 1440) if late else rng.randint(20, 1200)
            finished = None if index in never else filed + timedelta(minutes=wait)
            key = first_key + index
            stubs.append(Stub(company, key, self.radicado(company, key), filed, started, finished))
        return sorted(stubs, key=lambda stub: stub.newest_first, reverse=True)

    def radicado(self, company: str, key: int) -> str:
        """Nine digits; about one in sixteen begins with zeros that a careless reader would lose."""
        if key >= SYNTHETIC:
            return f"6{key - SYNTHETIC:010d}"
        if key >= ADDED:
            return f"7{key - ADDED:08d}"
        lead = "0" if key * 2654435761 % 4294967296 >> 28 == 3 else {"afinia": "9", "aire": "8"}[company]
        return f"{lead}{key:08d}"

    @staticmethod
    def key_of_radicado(radicado: str) -> int | None:
        """The key behind a radicado, if it has the shape of one."""
        if not radicado.isascii() or not radicado.isdigit() or len(radicado) not in {9, 11}:
            return None
        base = SYNTHETIC if len(radicado) == 11 else ADDED if radicado[0] == "7" else 0
        return base + int(radicado[1:])

    def pqr_id(self, company: str, key: int) -> str:
        """The opaque id in `#Detail/<id>`, shaped like a GUID."""
        head = hashlib.sha1(f"{self.seed}:{company}:{key}".encode(), usedforsecurity=False).hexdigest()[:20]
        tail = f"{key * _SCRAMBLE % (1 << 48):012x}"
        return f"{head[:8]}-{head[8:12]}-{head[12:16]}-{head[16:20]}-{tail}"

    def key_of_id(self, company: str, pqr_id: str) -> int | None:
        """The key behind an id, or None if this world never gave out such an id."""
        try:
            key = int(pqr_id[-12:], 16) * _UNSCRAMBLE % (1 << 48)
        except ValueError:
            return None
        return key if self.pqr_id(company, key) == pqr_id else None

    def stub(self, company: str, key: int) -> Stub | None:
        """One of the world's own PQRs by its key (not the added and not the synthetic ones)."""
        if not 0 <= key < ADDED:
            return None
        days = key // 100
        if days > 40_000:
            return None
        candidates = self.pqrs(company, FIRST_DAY + timedelta(days=days))
        return next((stub for stub in candidates if stub.key == key), None)

    def synthetic_key(self, day: date | None, index: int) -> int:
        """The key of the index-th PQR that a fault makes up for a day, or for before the world began."""
        return SYNTHETIC + (_UNDATED if day is None else (day - FIRST_DAY).days * _PER_DAY) + index

    def synthetic(self, company: str, key: int) -> Stub:
        """A PQR made up when a fault wants a longer list than there is; it sorts below the real ones."""
        number = key - SYNTHETIC
        if number >= _UNDATED:
            filed = datetime(2021, 11, 23, 18, 0) - timedelta(minutes=17 * (number - _UNDATED))  # noqa: DTZ001
        else:
            midnight = datetime.combine(FIRST_DAY + timedelta(days=number // _PER_DAY), datetime.min.time())
            filed = midnight + timedelta(minutes=max(0, 359 - number % _PER_DAY))
        return Stub(company, key, self.radicado(company, key), filed, filed, filed)
