"""What can be wrong, or has to be told. Codes, names, dates and counts only: nothing of a person."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A run failed after its last retry. paso: '' when it died outside of a step. falla: a code."""

    empresa: str | None
    fecha: date | None
    trabajo: str
    paso: str
    falla: str
    run_id: str


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """A check didn't pass. detalle: only for checks whose words are known to name no person."""

    empresa: str | None
    fecha: date | None
    control: str
    grave: bool
    detalle: str
    run_id: str


@dataclass(frozen=True, slots=True)
class NotWhole:
    """A company's day that ended isn't whole by the morning."""

    empresa: str
    fecha: date
    faltas: str


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Keys of the bucket that hold other bytes."""

    empresa: str
    objetos: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Rows that could not be loaded, more than the threshold."""

    empresa: str
    filas: int
    umbral: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Objects that were registered, and that the bucket no longer has."""

    empresa: str
    objetos: int


@dataclass(frozen=True, slots=True)
class Unreconciled:
    """What a look at the bucket found and no run will see to. motivos: (code, paths)."""

    motivos: tuple[tuple[str, int], ...]
    run_id: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The morning's report. lineas: one per company. abiertas: titles of the open alerts."""

    fecha: date
    completo: bool
    lineas: tuple[str, ...]
    abiertas: tuple[str, ...]


Event = RunFailed | CheckFailed | NotWhole | Conflicts | Quarantine | Lost | Unreconciled | Digest
