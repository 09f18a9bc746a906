"""All files of one PQR: one that can't be had is given up by itself, and named; the others are kept."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from ov_assets.portal.browser.retry import TRIES
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.errors import AccessBlocked, AttachmentFailed, SessionExpired
from ov_assets.portal.pages import attachments
from ov_assets.portal.pages.reading import Reading
from ov_assets.portal.row import ListedRow
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase, MissingFile


@dataclass(slots=True)
class Fetched:
    """What of the attachments of a page is at hand, by name, and what isn't."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    missing: list[MissingFile] = field(default_factory=list)


WITHOUT_LINK = "la página no tiene un enlace conocido: ov doctor portal"


class Files:
    """The attachments of one PQR, over as many openings of its page as they take."""

    def __init__(self, session: PortalSession, store: CaptureStore, row: ListedRow) -> None:
        self._session, self._store, self._row = session, store, row
        self._before = store.manifest(row.numero_radicado)
        self._failed: Counter[int] = Counter()
        self._given_up: dict[int, MissingFile] = {}

    async def fetch(
        self, tab: Tab, reading: Reading, read_at: datetime, *, only_missing: bool, last_try: bool
    ) -> Fetched:
        """Fetch each attachment of a page, or those only that the capture before this one lacks.

        A file that fails raises AttachmentFailed, for the page to be opened anew, until it had its tries or
        this is the page's last one: then it is missing, and what the capture before had of it is kept.
        Raises what isn't a file's own fault.
        """
        fetched, lacked = Fetched(), {file.nombre for file in self._missing_before}
        for index, name in enumerate(reading.attachments):
            data = self._stored(name) if only_missing and name not in lacked else None
            if data is None and index not in self._given_up:
                data = await self._one(tab, index, reading, read_at, last_try)
            if index in self._given_up:
                data = self._stored(name) if reading.attachments.count(name) == 1 else None
                fetched.missing.append(replace(self._given_up[index], conservado=data is not None))
            if data is not None:
                fetched.files.append((name, data))
        for index, name in enumerate(reading.unlinked, start=len(reading.attachments)):
            data = self._stored(name)
            missing = self._missing(index, name, WITHOUT_LINK, read_at)
            fetched.missing.append(replace(missing, conservado=data is not None))
            if data is not None:
                fetched.files.append((name, data))
        return fetched

    @property
    def _missing_before(self) -> tuple[MissingFile, ...]:
        return self._before.adjuntos_faltantes if self._before else ()

    def _stored(self, name: str) -> bytes | None:
        """The bytes that the capture before has under a name; None if it has none, or several."""
        if self._before is None or self._before.names[name] != 1:
            return None
        for file in self._before.archivos:
            path = self._store.path_of(self._before, file)
            if file.clase is Clase.ADJUNTO and file.nombre == name and path.is_file():
                return path.read_bytes()
        return None

    async def _one(
        self, tab: Tab, index: int, reading: Reading, read_at: datetime, last_try: bool
    ) -> bytes | None:
        """The bytes of one attachment; None: it is given up."""
        logins, names = self._session.logins, reading.attachments
        try:
            return await attachments.fetch(self._session, tab, index, names, self._row)
        except (AttachmentFailed, SessionExpired, AccessBlocked) as fault:
            failed = await self._own(fault, index, logins)
        self._failed[index] += 1
        had = self._before.names[names[index]] if self._before else 0
        # Which of several files of one name the capture before had isn't known: it stays as it is.
        if (self._failed[index] < TRIES and not last_try) or had >= names.count(names[index]) > 1:
            raise failed
        self._given_up[index] = self._missing(index, names[index], failed.problem, read_at)
        return None

    def _missing(self, index: int, name: str, cause: str, read_at: datetime) -> MissingFile:
        since = {file.nombre: file.desde for file in self._missing_before}
        return MissingFile(name, index + 1, cause, since.get(name, read_at))

    async def _own(
        self, fault: AttachmentFailed | SessionExpired | AccessBlocked, index: int, logins: int
    ) -> AttachmentFailed:
        """The fault as this file's own: so it is while the portal still shows the list in the same session.

        Raises what it is otherwise; PortalDown.
        """
        company, row = self._session.company, self._row
        if self._session.logins != logins:
            raise fault
        if not await self._session.shows_the_list():
            is_files = isinstance(fault, AttachmentFailed)
            raise SessionExpired(company, "the list isn't shown any more", day=row.day) if is_files else fault
        if isinstance(fault, AttachmentFailed):
            return fault
        own = AttachmentFailed(
            company, f"attachment {index + 1}: {fault.what}", day=row.day, radicado=row.numero_radicado
        )
        own.problem, own.step = fault.what, f"attachment {index + 1}"
        return own
