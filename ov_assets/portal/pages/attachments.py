"""Attachments: a click may download, open a tab, show a viewer or fetch a blob; whichever comes first."""

import asyncio
import base64
import contextlib
import re
from collections.abc import Collection, Sequence
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from playwright.async_api import APIResponse, Download, Frame, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.requests import XHR, PortalBusy, kind_of, raise_for_status
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.errors import AttachmentFailed, PortalDown, SessionExpired
from ov_assets.portal.pages.controls import use
from ov_assets.portal.pages.file_bytes import check_bytes
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Site

TRAILING_S, LEARN_TRAILING_S, TRAILING_MAX_S = 0.3, 3.0, 10.0
BETTER_WITHIN_S = 10.0
REDIRECTS_MAX = 5
NOT_WHOLE = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.PARTIAL_CONTENT})
OF_THE_PAGE = frozenset({"image", "font", "script", "stylesheet"})
REFUSED_PAUSE_S = 0.5
BINARY = re.compile(r"application/(?!json|xml|javascript)|image/|audio/|video/")
BLOB_BYTES = """
async (url) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
"""


Answer = Download | Page | Response


class _Race:
    """Listens on a tab from before the click on; what comes is offered in the order in which it comes."""

    def __init__(self, page: Page, site: Site, noise: Collection[str]) -> None:
        self._page, self._site, self._noise = page, site, noise
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._popups: list[Page] = []
        self._asked: set[Request] = set()
        self._listeners = {
            "request": self._on_request,
            "response": self._on_response,
            "download": self._answers.put_nowait,
            "popup": self._on_popup,
        }

    def __enter__(self) -> "_Race":
        for event, listener in self._listeners.items():
            self._page.on(event, listener)  # type: ignore[call-overload]
        return self

    def __exit__(self, *_: object) -> None:
        for event, listener in self._listeners.items():
            self._page.remove_listener(event, listener)

    def _on_request(self, request: Request) -> None:
        self._asked.add(request)

    def _on_popup(self, popup: Page) -> None:
        self._popups.append(popup)
        # A tab that turns out to be a download never gets an address.
        popup.on("download", self._answers.put_nowait)

        def arrived(frame: Frame) -> None:
            if frame == popup.main_frame and frame.url not in ("", "about:blank"):
                self._answers.put_nowait(popup)

        popup.on("framenavigated", arrived)
        if popup.url not in ("", "about:blank"):
            self._answers.put_nowait(popup)

    def _on_response(self, response: Response) -> None:
        request = response.request
        if request not in self._asked or request.resource_type in OF_THE_PAGE:
            return
        if not self._site.owns(response.url):
            return
        kind = response.headers.get("content-type", "")
        if kind_of(response.url) in self._noise and (response.status >= 400 or not BINARY.match(kind)):
            return
        is_file = request.resource_type in XHR and "json" not in kind and "html" not in kind
        if response.status >= 400 or self._site.is_login(response.url) or is_file:
            self._answers.put_nowait(response)

    async def answer(self) -> Answer:
        return await self._answers.get()

    async def once_more(self, known: bool | None) -> bool:
        """Wait for what was fetched to be saved or shown, too, lest it be taken for the next click's answer.

        known: whether the portal's pages do so. Returns whether this one did.
        """
        patience_s = {None: LEARN_TRAILING_S, True: TRAILING_MAX_S, False: TRAILING_S}[known]
        try:
            await asyncio.wait_for(self._answers.get(), patience_s)
        except TimeoutError:
            return False
        return True

    async def close_popups(self) -> None:
        for popup in self._popups:
            with contextlib.suppress(PlaywrightError):
                await popup.close()


async def fetch(session: PortalSession, tab: Tab, index: int, names: Sequence[str], row: ListedRow) -> bytes:
    """The bytes behind the `index`-th attachment link of the page; names: what all its links show.

    No bytes at all may be an answer that went wrong: what is empty twice is an empty file.
    Raises AttachmentFailed, which names the radicado and the cause; SessionExpired, AccessBlocked or
    PortalBusy where the portal says so.
    """
    try:
        if data := await _fetch_once(session, tab, index, names, row):
            return data
    except AttachmentFailed as failed:
        if not failed.refused:
            raise
    await asyncio.sleep(REFUSED_PAUSE_S)  # the server's failure may pass, and the page is still here
    return await _fetch_once(session, tab, index, names, row)


async def _fetch_once(
    session: PortalSession, tab: Tab, index: int, names: Sequence[str], row: ListedRow
) -> bytes:
    limits, ways, links = session.limits, session.learnt.ways, session.site.pages["detail.attachment"]
    data: bytes | str | None = None
    way = ways.get(links) or session.learnt.next_way(links)
    await session.pace.turn()
    with _Race(tab.page, session.site, session.learnt.unasked) as race:
        try:
            await use(tab, tab.page.locator(links).nth(index), way)
            data = await _answer(session, tab, race, names[index], names, row)
            most = limits.attachment_max_bytes
            problem = data if isinstance(data, str) else check_bytes(data, names[index], most)
        except TimeoutError:
            problem = f"no bytes within {limits.attachment_timeout_s:.0f} s"
            ways.pop(links, None)
        except PlaywrightError as error:
            problem = f"the browser could not fetch it ({type(error).__name__})"
        finally:
            await race.close_popups()
    if problem is not None:
        failed = AttachmentFailed(
            session.company, f"attachment {index + 1}: {problem}", day=row.day, radicado=row.numero_radicado
        )
        failed.problem = problem
        failed.step = f"attachment {index + 1}"
        failed.refused = isinstance(data, str)
        raise failed
    assert isinstance(data, bytes)
    ways[links] = way
    return data


async def _answer(
    session: PortalSession, tab: Tab, race: _Race, name: str, names: Sequence[str], row: ListedRow
) -> bytes | str:
    """The bytes of the first answer that is this link's, or what the server said instead of them.

    One that bears another link's name is that one's, late. So may be a file that this tab has handed out
    before: it counts only if nothing else comes soon, as does what lies on another host. A page that takes an
    answer as a blob leaves nothing of it to read: then what it saves or shows counts, else it is asked for
    once more. Raises TimeoutError.
    """
    timeout_s = session.limits.attachment_timeout_s
    others = {other for other in {*names, *tab.names_seen} if other} - {name}
    doubtful: bytes | str | None = None
    unread: Response | None = None
    wait_s = timeout_s
    while True:
        try:
            answer = await asyncio.wait_for(race.answer(), wait_s)
        except TimeoutError:
            if doubtful is None and unread is not None:
                return await _asked_again(session, tab.page, unread, row)
            if doubtful is None:
                raise
            data = doubtful
            break
        told = _told(answer)
        is_named = bool(name) and name in told
        if not is_named and any(other in told for other in others):
            continue
        data = await asyncio.wait_for(_bytes_of(session, tab.page, answer, row), timeout_s)
        if isinstance(answer, Response) and data == b"" and answer.headers.get("content-length") != "0":
            unread, wait_s = answer, BETTER_WITHIN_S
            continue
        is_own = session.site.owns(answer.url)
        if is_own and (isinstance(answer, Response) or is_named or not _seen(data, tab)):
            break
        doubtful, wait_s = data, BETTER_WITHIN_S
    if isinstance(answer, Response):
        twice = await race.once_more(session.learnt.hands_out_twice)
        session.learnt.hands_out_twice = session.learnt.hands_out_twice or twice
    if isinstance(data, bytes):
        tab.names_seen.add(name)
        tab.digests_seen.add(sha256(data).hexdigest())
    return data


async def _asked_again(session: PortalSession, page: Page, answer: Response, row: ListedRow) -> bytes | str:
    if answer.request.method != "GET":
        return "the page keeps its bytes to itself"
    return await _body_at(session, page, answer.url, row)


def _seen(data: bytes | str, tab: Tab) -> bool:
    return isinstance(data, bytes) and sha256(data).hexdigest() in tab.digests_seen


def _told(answer: Answer) -> str:
    """What an answer says about which file it is: its address, and the name that it is saved under."""
    if isinstance(answer, Download):
        return f"{unquote(answer.url)} {answer.suggested_filename}"
    if isinstance(answer, Response):
        return f"{unquote(answer.url)} {unquote(answer.headers.get('content-disposition', ''))}"
    return unquote(answer.url)


async def _bytes_of(session: PortalSession, page: Page, answer: Answer, row: ListedRow) -> bytes | str:
    """The bytes of an answer, or what the server said instead of them."""
    if not session.site.owns(answer.url):
        return f"it lies at {urlsplit(answer.url).hostname or 'no host'}, which isn't the portal"
    if isinstance(answer, Download):
        path = Path(await answer.path())
        data = await asyncio.to_thread(path.read_bytes)
        await answer.delete()
        return data
    if isinstance(answer, Page) and answer.url.startswith("blob:"):
        return base64.b64decode(await page.evaluate(BLOB_BYTES, answer.url))
    if isinstance(answer, Page):
        return await _body_at(session, page, answer.url, row)
    refused = _refusal(session, answer.status, answer.url, answer.headers.get("retry-after"), row)
    return refused or await answer.body()


async def _body_at(session: PortalSession, page: Page, url: str, row: ListedRow) -> bytes | str:
    """The bytes at an address of the portal, or what the server said instead of them."""
    again = await _get(session, page, url)
    if isinstance(again, str):
        return again
    refused = _refusal(session, again.status, again.url, again.headers.get("retry-after"), row)
    return refused or await again.body()


async def _get(session: PortalSession, page: Page, url: str) -> APIResponse | str:
    """The answer at an address of the portal, or what is wrong with where it leads."""
    timeout_ms = session.limits.attachment_timeout_s * 1000
    for _ in range(REDIRECTS_MAX):
        if not session.site.owns(url):
            return f"it leads to {urlsplit(url).hostname}, which isn't the portal"
        answer = await page.context.request.get(url, timeout=timeout_ms, max_redirects=0)
        target = answer.headers.get("location")
        if not 300 <= answer.status < 400 or target is None:
            return answer
        url = urljoin(url, target)
    return f"it leads on more than {REDIRECTS_MAX} times"


def _refusal(
    session: PortalSession, status: int, url: str, retry_after: str | None, row: ListedRow
) -> str | None:
    """What an answer without the file means, or None. A server error stays this attachment's own fault."""
    if session.site.is_login(url):
        raise SessionExpired(session.company, "an attachment led to the login page", day=row.day)
    try:
        raise_for_status(session.company, status, retry_after, day=row.day)
    except PortalBusy:
        raise
    except PortalDown as error:
        return error.what
    return f"HTTP {status}" if status >= 400 or status in NOT_WHOLE else None
