"""A visit to a portal as the capture makes it, of a few PQR, and what there was to see of it."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.kept_session import KeptSession
from ov_assets.portal.browser.retry import attempts
from ov_assets.portal.browser.session import PortalSession, portal_session
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.errors import (
    AttachmentFailed,
    DetailDoubtful,
    DetailMissing,
    LayoutChanged,
    PortalError,
)
from ov_assets.portal.pages import attachments
from ov_assets.portal.pages.columns import listed_rows
from ov_assets.portal.pages.detail import DetailTab
from ov_assets.portal.pages.file_bytes import MAGIC
from ov_assets.portal.pages.list import PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.patience import recover
from ov_assets.portal.pages.table import Table
from ov_assets.portal.recording.document import File
from ov_assets.portal.recording.dom import tree_of
from ov_assets.portal.recording.listen import Listener, Step
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Limits, Site

PQRS, LIST_PAGES_MAX = 12, 2
HEARD_WITHIN_S = 0.2  # a page tells what it shows a moment after it shows it
TRAILING_S = 2.0  # what comes of a click after the file came: it is saved, too, or sent again


@dataclass(slots=True)
class SeenDetail:
    """A PQR as it was seen; tree: what `dom_tree.js` gives."""

    step: Step
    row: ListedRow
    route: str
    tree: dict
    files: list[File] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """Everything of a visit, true values and all: it never leaves the memory of this process."""

    listener: Listener
    lists: list[tuple[Step, dict]] = field(default_factory=list)
    details: list[SeenDetail] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    follows_hash: bool | None = None
    stopped: PortalError | None = None
    at_stop: list[dict] = field(default_factory=list)


async def visit(
    site: Site, limits: Limits, day: date, pqrs: int = PQRS, trailing_s: float = TRAILING_S
) -> Seen:
    """Log in, filter, turn one page, open up to `pqrs` PQR and fetch their files.

    The log-in is its own, since it is to be seen, too. A portal that can't be walked to the end is worth a
    recording most of all: what was seen until then, and the fault. Raises PortalError if that is nothing.
    """
    KeptSession(site, limits.keep).forget()
    seen = Seen(Listener(site))
    try:
        async with portal_session(site, limits, day, before_login=seen.listener.attach) as session:
            try:
                await _walk(session, seen, Filter(FINALIZADO, day, day), pqrs, trailing_s)
            except PortalError:
                for page in session.context.pages:
                    with contextlib.suppress(PlaywrightError):
                        seen.at_stop.append(await tree_of(page, site.pages))
                raise
            finally:
                await seen.listener.done()
    except PortalError as error:
        if seen.listener.login is None:
            raise
        seen.stopped = error
    return seen


async def _walk(session: PortalSession, seen: Seen, wanted: Filter, pqrs: int, trailing_s: float) -> None:
    rows = await _lists(session, seen, wanted, pqrs)
    detail = DetailTab(session)
    for number, row in enumerate(rows, 1):
        try:
            await _patiently(session, detail, row, seen, number, trailing_s)
        except (DetailMissing, LayoutChanged) as error:
            seen.left_out[type(error).__name__] += 1
            if number == len(rows) and not seen.details:
                raise
    await detail.close()
    seen.follows_hash = session.learnt.follows_hash


async def _tree(session: PortalSession, tab: Tab) -> dict:
    await asyncio.sleep(HEARD_WITHIN_S)
    return await tree_of(tab.page, session.site.pages)


async def _lists(session: PortalSession, seen: Seen, wanted: Filter, pqrs: int) -> list[ListedRow]:
    """The list before the filter, after it, and a page further."""
    pqr_list = PqrList(session)
    step = seen.listener.begin("list")
    tab = await pqr_list.open()
    seen.lists.append((step, await _tree(session, tab)))
    step = seen.listener.begin("search")
    rows = await pqr_list.first_page(wanted)
    seen.lists.append((step, await _tree(session, tab)))
    table = Table(session, tab)
    for number in range(2, LIST_PAGES_MAX + 1):
        page = await table.page()
        if not page["hasNext"]:
            break
        step = seen.listener.begin(f"page {number}")
        page = await table.turn(page, wanted.first)
        rows += listed_rows(session.site, page, wanted.estado)
        seen.lists.append((step, await _tree(session, tab)))
    seen.listener.deaf_to = tab.page
    return rows[:pqrs]


async def _patiently(session: PortalSession, detail: DetailTab, *what: Any) -> None:
    """As the capture does: what fails in passing is tried again, from a fresh page."""
    async for attempt in attempts():
        with attempt:
            logins = session.logins
            try:
                await _detail(session, detail, *what)
            except PortalError as error:
                if error.passing:  # the page is looked at where nothing follows
                    await detail.close()
                    await recover(session, error, logins)
                raise


async def _detail(
    session: PortalSession, detail: DetailTab, row: ListedRow, seen: Seen, number: int, trailing_s: float
) -> None:
    step = seen.listener.begin(f"detail {number}")
    await detail.show(row)
    assert detail.tab is not None
    try:
        names = (await detail.read(row)).attachments
    except DetailDoubtful:  # what the capture wouldn't believe is still what the page shows
        names = tuple(
            (await detail.tab.page.evaluate(session.site.pages.script("read_detail")))["attachments"]
        )
    route = urlsplit(session.site.detail_url(row.href)).fragment
    found = SeenDetail(step, row, route, await _tree(session, detail.tab))
    for index, name in enumerate(names):
        at = seen.listener.begin(f"file {number}.{index + 1}")
        try:
            data = await attachments.fetch(session, detail.tab, index, names, row)
        except AttachmentFailed as error:
            found.files.append(File(at.name, name, failed=type(error).__name__))
            continue
        kind = next((extension for extension, magic in MAGIC.items() if data.startswith(magic)), "")
        found.files.append(File(at.name, name, len(data), kind))
        await asyncio.sleep(trailing_s)
    seen.details.append(found)
