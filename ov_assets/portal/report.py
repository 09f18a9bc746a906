"""What one look at a portal saw and did, filled as the work goes on: it stands when the work stops."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ov_assets.portal.row import ListedRow


@dataclass(frozen=True, slots=True)
class Failure:
    """One PQR that is listed but could not be captured; `cause` is the fault's name."""

    numero_radicado: str
    cause: str
    message: str

    @classmethod
    def of(cls, numero_radicado: str, error: Exception) -> "Failure":
        return cls(numero_radicado, type(error).__name__, str(error))


@dataclass(slots=True)
class CaptureReport:
    """What one capture saw and did.

    listed: the last look, which began at `looked_at`. fresh: captured now. reread: captured before, and read
    again at that moment without a difference. unread: captured before, and could not be read again.
    missing_files: attachments that what is fresh had to do without. repeated: rows that the portal lists
    twice. evidence: a folder a kind of fault. seconds: of wall time.
    """

    listed: dict[str, ListedRow] = field(default_factory=dict)
    looked_at: datetime | None = None
    fresh: list[str] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    reread: dict[str, datetime] = field(default_factory=dict)
    unread: dict[str, Failure] = field(default_factory=dict)
    attachments: int = 0
    missing_files: int = 0
    looks: int = 0
    page_turns: int = 0
    repeated: tuple[str, ...] = ()
    logins: int = 0
    browsers: int = 1
    evidence: dict[str, Path] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def unchanged(self) -> int:
        """How many of the listed PQR were on disk before, and weren't captured anew."""
        return len(self.listed.keys() - self.failures.keys() - set(self.fresh))
