"""The file that a recording is: one JSON object, whose parts are the classes below.

All times are in milliseconds from the moment at which what began their step was over: a click, the load of a
page; what is before it has a minus. Steps are `login`, `list`, `search`, `page 2`, `detail 1`, `file 1.1`
(the first file of the first detail), in the order in which they were taken; one that had to be taken again is
`in vain`. Words, numbers, dates and ids are fake ones throughout (`mask.py`), the same one for the same true
one; each date lies the same number of weeks before the true one.
"""

import gzip
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

FORMAT = 1
GZIP_MAGIC = b"\x1f\x8b"


class RecordingError(Exception):
    """A file that isn't a recording, or one of another format."""


@dataclass(frozen=True)
class Page:
    """A page. body: the inner HTML of its body, in pieces to be joined without anything between them."""

    title: str
    body_class: str
    body: list[str]


@dataclass(frozen=True)
class Exchange:
    """A request and the shape of its answer.

    kind: document, xhr, fetch or another type of the browser's. frame: main, child or popup. hop: whether it
    was sent there by the one before. disposition: attachment or inline, if the server said so. status, ms:
    None if no answer came. body: of JSON only, the same keys and types.
    """

    step: str
    at_ms: int
    method: str
    address: str
    kind: str
    frame: str = "main"
    hop: bool = False
    status: int | None = None
    content_type: str = ""
    disposition: str = ""
    location: str = ""
    size_bytes: int | None = None
    ms: int | None = None
    body: Any = None


@dataclass(frozen=True)
class Event:
    """What happened beside requests: click, rows, field, popup, download, save, show, dialog, dom.

    where: on what.
    save, show: what a page has fetched is handed out as a file, or shown in a frame."""

    step: str
    at_ms: int
    what: str
    where: str = ""


@dataclass(frozen=True)
class File:
    """An attachment that was handed out. name: on its link. kind: the extension that its first bytes have.

    failed: the fault's name if it could not be had.
    """

    step: str
    name: str
    size_bytes: int = 0
    kind: str = ""
    failed: str = ""


@dataclass(frozen=True)
class ListPage:
    """A page of the list. shown_ms: when its rows were there."""

    step: str
    page: Page
    shown_ms: int


@dataclass(frozen=True)
class Detail:
    """A PQR. route: what its address has after the `#`. shown_ms: when its radicado was there.

    late: the fields that came after it, by their place on the page.
    """

    step: str
    route: str
    page: Page
    shown_ms: int
    late: dict[int, int]
    files: list[File]


@dataclass(frozen=True)
class Recording:
    """Everything of one visit. day: the fake one of the PQR.

    lists: before the filter, then after it, page by page. left_out: PQR that were listed and not to be had,
    by the fault's name. stopped: the fault that ended the visit before its end, if one did, with the pages on
    show then. popup_ms: when a notice covered the login page.
    """

    format: int
    company: str
    day: date
    follows_hash: bool | None
    popup_ms: int | None
    login: Page
    lists: list[ListPage]
    details: list[Detail]
    left_out: dict[str, int]
    stopped: str
    at_stop: list[Page]
    exchanges: list[Exchange]
    events: list[Event]

    def to_json(self) -> bytes:
        return TypeAdapter(Recording).dump_json(self, indent=1) + b"\n"

    def write(self, path: Path) -> int:
        """Packed if the name ends in `.gz`. Returns the size in bytes."""
        data = self.to_json()
        return path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def read(path: Path) -> Recording:
    """Raises RecordingError, and OSError."""
    data = path.read_bytes()
    try:
        if data.startswith(GZIP_MAGIC):
            data = gzip.decompress(data)
        found = TypeAdapter(Recording).validate_json(data)
    except (ValidationError, OSError, EOFError) as error:
        raise RecordingError(f"{path.name} is no recording of a portal ({type(error).__name__})") from None
    if found.format != FORMAT:
        raise RecordingError(f"{path.name} has format {found.format}; this version reads {FORMAT}")
    return found
