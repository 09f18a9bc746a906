"""Attachments: a click may download, open a tab, show a viewer or fetch a blob; whichever comes first."""

import asyncio
import base64
from pathlib import Path, PurePosixPath

from playwright.async_api import Download, Page, Response
from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.columns import ListedRow
from ov_assets.portal.errors import AttachmentFailed
from ov_assets.portal.requests_watch import XHR
from ov_assets.portal.session import PortalSession, Tab

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
    if magic and magic not in data[:1024]:
        return f"not a {extension} file"
    if magic is None and data[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page instead of the file"
    return None


class _Race:
    """Listens on a tab from before the click until the first usable answer."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answer: asyncio.Future[tuple[str, object]] = asyncio.get_running_loop().create_future()
        self._popups: list[Page] = []

    def __enter__(self) -> "_Race":
        self._page.on("download", self._on_download)
        self._page.on("popup", self._on_popup)
        self._page.on("response", self._on_response)
        return self

    def __exit__(self, *_: object) -> None:
        self._page.remove_listener("download", self._on_download)
        self._page.remove_listener("popup", self._on_popup)
        self._page.remove_listener("response", self._on_response)

    def _offer(self, kind: str, value: object) -> None:
        if not self._answer.done():
            self._answer.set_result((kind, value))

    def _on_download(self, download: Download) -> None:
        self._offer("download", download)

    def _on_popup(self, popup: Page) -> None:
        self._popups.append(popup)
        popup.on("download", self._on_download)
        self._offer("popup", popup)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._offer("error", response.status)
        elif response.request.resource_type in XHR:
            kind = response.headers.get("content-type", "")
            if "json" not in kind and "html" not in kind:
                self._offer("response", response)

    async def answer(self, timeout_s: float) -> tuple[str, object]:
        return await asyncio.wait_for(asyncio.shield(self._answer), timeout_s)

    async def close_popups(self) -> None:
        for popup in self._popups:
            await popup.close()


async def fetch(session: PortalSession, tab: Tab, index: int, name: str, row: ListedRow) -> bytes:
    """The bytes behind the `index`-th attachment link of the page.

    Raises AttachmentFailed, which names the radicado and the cause.
    """
    limits = session.limits
    await session.pace.turn()
    with _Race(tab.page) as race:
        try:
            await tab.page.locator(LINKS).nth(index).dispatch_event("click")
            kind, value = await race.answer(limits.attachment_timeout_s)
            data = await _bytes_of(session, tab.page, kind, value)
            problem = check_bytes(data, name, limits.attachment_max_bytes) if data is not None else None
            if data is None:
                problem = f"HTTP {value}"
        except TimeoutError:
            problem = f"no bytes within {limits.attachment_timeout_s:.0f} s"
        except PlaywrightError as error:
            problem = f"the browser could not fetch it ({type(error).__name__})"
        finally:
            await race.close_popups()
    if problem is not None or data is None:
        raise AttachmentFailed(
            session.company, f"attachment {index + 1}: {problem}", day=row.day, radicado=row.numero_radicado
        )
    return data


async def _bytes_of(session: PortalSession, page: Page, kind: str, value: object) -> bytes | None:
    """The bytes of an answer, or None for an HTTP error."""
    if isinstance(value, Download):
        path = Path(await value.path())
        data = await asyncio.to_thread(path.read_bytes)
        await value.delete()
        return data
    if isinstance(value, Response):
        return await value.body()
    if isinstance(value, Page):
        await value.wait_for_url(lambda url: url != "about:blank", wait_until="commit")
        url = value.url
        if url.startswith("blob:"):
            return base64.b64decode(await page.evaluate(BLOB_BYTES, url))
        answer = await page.context.request.get(url, timeout=session.limits.attachment_timeout_s * 1000)
        return await answer.body() if answer.ok else None
    return None
