"""What is too old by its age alone: drafts of killed captures, evidence of faults, logs."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.days import CompanyDay
from ov_assets.pqr.captures import DRAFT_PREFIX
from ov_assets.runs import is_dead

SECONDS_PER_DAY = 86_400
LEFTOVER_DAYS = 7
REHEARSAL_PREFIX = "dry-run-"


@dataclass(slots=True)
class Found:
    """What of one class is to go, and how much of it stays for which reason.

    clase: the class's name. dias: its retention. paths: files and folders. kept: counts by reason.
    """

    clase: str
    dias: int
    paths: list[Path] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)

    def keep(self, reason: str, count: int = 1) -> None:
        self.kept[reason] = self.kept.get(reason, 0) + count


def partition_folders(root: Path) -> Iterator[tuple[CompanyDay, Path]]:
    """The folders `{company}/{date}` below `root`; whatever else stands there is nobody's to remove."""
    for company in COMPANIES:
        for folder in sorted((root / company).glob("????-??-??")):
            try:
                yield CompanyDay(company, date.fromisoformat(folder.name)), folder
            except ValueError:
                continue


def newest_change(path: Path) -> float:
    """When a file, or anything inside a folder, was last written."""
    return max(item.lstat().st_mtime for item in _inside(path))


def newest_touch(path: Path) -> float:
    """When a file, or anything inside a folder, was last written, renamed or otherwise changed.

    A time of writing can be old on what was only just renamed or copied with its times; this one can't.
    """
    return max(item.lstat().st_ctime for item in _inside(path))


def _inside(path: Path) -> tuple[Path, ...]:
    return (path, *(path.rglob("*") if path.is_dir() else ()))


def _old(paths: Iterable[Path], days: int) -> list[Path]:
    oldest = time.time() - days * SECONDS_PER_DAY
    return [path for path in sorted(paths) if newest_change(path) < oldest]


def leftovers(raw: Path, busy: set[CompanyDay]) -> Found:
    """Unfinished capture folders that nobody touched for a week: their PQR counted as not captured."""
    found = Found("restos", LEFTOVER_DAYS)
    oldest = time.time() - LEFTOVER_DAYS * SECONDS_PER_DAY
    for partition, folder in partition_folders(raw):
        left = sorted(folder.glob(f"{DRAFT_PREFIX}*"))
        if left and partition in busy:
            found.keep("ejecución en curso", len(left))
        else:
            found.paths += [path for path in left if newest_touch(path) < oldest]
    return found


def evidence(folder: Path, days: int) -> Found:
    """Pictures and pages of a portal's faults: one folder a fault, by company and date."""
    return Found("evidencia", days, _old(folder.glob("*/*/*"), days) if days else [])


def abandoned_rehearsals(home: Path) -> list[Path]:
    """Folders of dry runs whose process is gone: copies of captures that nobody else would remove."""
    folders = sorted(home.glob(f"{REHEARSAL_PREFIX}*"))
    return [folder for folder in folders if is_dead(folder.name.removeprefix(REHEARSAL_PREFIX))]


def logs(folder: Path, days: int) -> Found:
    """Log files that nobody has written to for so long."""
    files = (path for path in folder.rglob("*") if path.is_file()) if days else ()
    return Found("logs", days, _old(files, days))
