"""What was looked at, what was seen, and what to do about it. Codes and names only: nothing of a person."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`sin_mirar`: it couldn't be looked at, because something else stood in the way."""

    BIEN = "bien"
    MAL = "mal"
    SIN_MIRAR = "sin_mirar"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing of one area. visto: what was seen. remedio: what an operator does; empty unless `mal`."""

    area: str
    cosa: str
    estado: State
    visto: str = ""
    remedio: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """The diagnoses of one area by their outcome."""

    name: str

    def good(self, cosa: str, visto: str = "") -> Diagnosis:
        return Diagnosis(self.name, cosa, State.BIEN, visto)

    def bad(self, cosa: str, visto: str, remedio: str) -> Diagnosis:
        return Diagnosis(self.name, cosa, State.MAL, " ".join(visto.split()), remedio)

    def unseen(self, cosa: str, why: str) -> Diagnosis:
        return Diagnosis(self.name, cosa, State.SIN_MIRAR, " ".join(why.split()))
