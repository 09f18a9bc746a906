"""What a run, or a dry one, tells of a partition."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class Summary:
    """The counts of one run; `--json` prints exactly these."""

    company: str
    date: date
    listed: int = 0
    captured: int = 0
    csv_rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    files: int = 0
    pending: int = 0
    uploaded: int = 0
    verified: int = 0
    errors: list[str] = field(default_factory=list)
