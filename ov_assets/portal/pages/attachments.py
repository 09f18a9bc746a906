"""Attachments: a click may download, open a tab, show a viewer or fetch a blob; whichever comes first."""

import asyncio
import base64
import contextlib
from pathlib import Path, PurePosixPath

from playwright.async_api import Download, Frame, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.requests import XHR, PortalBusy, is_login, raise_for_status
from ov_assets.portal.browser.session import PortalSession, Tab
from ov_assets.portal.errors import AttachmentFailed, PortalDown, SessionExpired
from ov_assets.portal.row import ListedRow

LINKS = '.link-archivo, [ng-click^="descargarAdjunto"]'
# First bytes by extension; docx and xlsx are ZIP files.
MAGIC: dict[str, bytes] = {
    ".pdf": b"%PDF",
    ".png": b"\x89PNG",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".gif": b"GIF8",
    ".zip": b"PK",
    ".docx": b"PK",
    ".xlsx": b"PK",
    ".doc": b"\xd0\xcf\x11\xe0",
    ".rar": b"Rar!",
}
# What else a file may be that has another's extension: any of the above, RTF, TIFF, BMP, WebP, 7z, HEIC.
OTHER_FILES = (
    *MAGIC.values(),
    *(b"{\\rtf", b"II*\x00", b"MM\x00*", b"BM", b"RIFF", b"7z\xbc\xaf"),
    *(bytes([0, 0, 0, size]) + b"ftyp" for size in range(16, 64, 4)),
)
TRAILING_S = 0.3
BLOB_BYTES = """
async (url) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
"""


def check_bytes(data: bytes, name: str, max_bytes: int) -> str | None:
    """What is wrong with an attachment's bytes, or None."""
    if not data:
        return "zero bytes"
    if len(data) > max_bytes:
        return f"{len(data)} bytes, over OV_ATTACHMENT_MAX_MB"
    extension = PurePosixPath(name).suffix.lower()
    magic = MAGIC.get(extension)
    # People rename files: a PNG that is called .jpg is what they sent. A page or a text in its place isn't.
    if magic and magic not in data[:1024] and not data.startswith(OTHER_FILES):
        return f"not a {extension} file, nor any other that is known"
    if magic is None and data[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page instead of the file"
    return None


class _Race:
    """Listens on a tab from before the click until the first usable answer to a request that follows it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answer: asyncio.Future[Download | Page | Response] = asyncio.get_running_loop().create_future()
        self._popups: list[Page] = []
        self._asked: set[Request] = set()
        self._late = asyncio.Event()
        self._listeners = {
            "request": self._on_request,
            "response": self._on_response,
            "download": self._offer,
            "popup": self._on_popup,
        }

    def __enter__(self) -> "_Race":
        for event, listener in self._listeners.items():
            self._page.on(event, listener)  # type: ignore[call-overload]
        return self

    def __exit__(self, *_: object) -> None:
        for event, listener in self._listeners.items():
            self._page.remove_listener(event, listener)

    def _offer(self, answer: Download | Page | Response) -> None:
        if self._answer.done():
            self._late.set()
        else:
            self._answer.set_result(answer)

    def _on_request(self, request: Request) -> None:
        self._asked.add(request)

    def _on_popup(self, popup: Page) -> None:
        self._popups.append(popup)
        popup.on("download", self._offer)  # a tab that turns out to be a download never gets an address

        def arrived(frame: Frame) -> None:
            if frame == popup.main_frame and frame.url not in ("", "about:blank"):
                self._offer(popup)

        popup.on("framenavigated", arrived)
        if popup.url not in ("", "about:blank"):
            self._offer(popup)

    def _on_response(self, response: Response) -> None:
        if response.request not in self._asked:
            return
        kind = response.headers.get("content-type", "")
        is_file = response.request.resource_type in XHR and "json" not in kind and "html" not in kind
        if response.status >= 400 or is_login(response.url) or is_file:
            self._offer(response)

    async def answer(self, timeout_s: float) -> Download | Page | Response:
        return await asyncio.wait_for(asyncio.shield(self._answer), timeout_s)

    async def quiet(self) -> None:
        """Let what is fetched also be saved or shown, lest it be taken for the answer to the next click."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._late.wait(), TRAILING_S)

    async def close_popups(self) -> None:
        for popup in self._popups:
            with contextlib.suppress(PlaywrightError):
                await popup.close()


async def fetch(session: PortalSession, tab: Tab, index: int, name: str, row: ListedRow) -> bytes:
    """The bytes behind the `index`-th attachment link of the page.

    Raises AttachmentFailed, which names the radicado and the cause; SessionExpired, AccessBlocked or
    PortalBusy where the portal says so.
    """
    limits = session.limits
    await session.pace.turn()
    with _Race(tab.page) as race:
        try:
            await tab.page.locator(LINKS).nth(index).dispatch_event("click")
            answer = await race.answer(limits.attachment_timeout_s)
            data = await asyncio.wait_for(
                _bytes_of(session, tab.page, answer, row), limits.attachment_timeout_s
            )
            if isinstance(answer, Response):
                await race.quiet()
            problem = data if isinstance(data, str) else check_bytes(data, name, limits.attachment_max_bytes)
        except TimeoutError:
            problem = f"no bytes within {limits.attachment_timeout_s:.0f} s"
        except PlaywrightError as error:
            problem = f"the browser could not fetch it ({type(error).__name__})"
        finally:
            await race.close_popups()
    if problem is not None:
        raise AttachmentFailed(
            session.company, f"attachment {index + 1}: {problem}", day=row.day, radicado=row.numero_radicado
        )
    assert isinstance(data, bytes)
    return data


async def _bytes_of(
    session: PortalSession, page: Page, answer: Download | Page | Response, row: ListedRow
) -> bytes | str:
    """The bytes of an answer, or what the server said instead of them."""
    if isinstance(answer, Download):
        path = Path(await answer.path())
        data = await asyncio.to_thread(path.read_bytes)
        await answer.delete()
        return data
    if isinstance(answer, Page) and answer.url.startswith("blob:"):
        return base64.b64decode(await page.evaluate(BLOB_BYTES, answer.url))
    if isinstance(answer, Page):
        timeout_ms = session.limits.attachment_timeout_s * 1000
        again = await page.context.request.get(answer.url, timeout=timeout_ms)
        refused = _refusal(session, again.status, again.url, again.headers.get("retry-after"), row)
        return refused or await again.body()
    refused = _refusal(session, answer.status, answer.url, answer.headers.get("retry-after"), row)
    return refused or await answer.body()


def _refusal(
    session: PortalSession, status: int, url: str, retry_after: str | None, row: ListedRow
) -> str | None:
    """What an answer without the file means, or None. A server error stays this attachment's own fault."""
    if is_login(url):
        raise SessionExpired(session.company, "an attachment led to the login page", day=row.day)
    try:
        raise_for_status(session.company, status, retry_after, day=row.day)
    except PortalBusy:
        raise
    except PortalDown as error:
        return error.what
    return f"HTTP {status}" if status >= 400 else None
