"""The XHR of one tab: how many are under way, and which failed.

The portal's endpoints aren't known, and its pages show no loading sign, so "the answer is here" is
taken from the traffic itself, whatever its address.
"""

import asyncio
import contextlib
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from playwright.async_api import Page, Request, Response

from ov_assets.portal.errors import AccessBlocked, PortalDown, SessionExpired

XHR = ("xhr", "fetch")
REDIRECT_WITHIN_S = 2.0


class PortalBusy(PortalDown):
    """The portal asks for a pause (HTTP 429 or 503 with Retry-After)."""

    def __init__(self, company: str, what: str, retry_after_s: float) -> None:
        super().__init__(company, what)
        self.retry_after_s = retry_after_s


def pause_asked_for(retry_after: str | None) -> float | None:
    """The seconds of a `Retry-After` header, which is a number or a date; None if it is neither."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(moment.tzinfo)).total_seconds())


def raise_for_status(company: str, status: int, retry_after: str | None, *, day: date | None = None) -> None:
    """Name what an HTTP status means. 404 is left to the caller: it depends on what was asked for."""
    pause_s = pause_asked_for(retry_after) if status in (429, 503) else None
    if pause_s is not None:
        raise PortalBusy(company, f"HTTP {status}, asks to wait {pause_s:.0f} s", pause_s)
    if status == 401:
        raise SessionExpired(company, "HTTP 401", day=day)
    if status == 403:
        raise AccessBlocked(company, "HTTP 403", day=day)
    if status == 429 or status >= 500:
        raise PortalDown(company, f"HTTP {status}", day=day)


def is_login(url: str) -> bool:
    return "login" in urlsplit(url).path.lower()


def _kind(url: str) -> str:
    """An address without its query, and without parts of its path that bear a digit: they may be an id."""
    return "/".join(part for part in urlsplit(url).path.split("/") if not any(c.isdigit() for c in part))


def _first(request: Request) -> Request:
    """What was asked before anything was redirected."""
    while request.redirected_from is not None:
        request = request.redirected_from
    return request


class RequestsWatch:
    """Follows the XHR of one tab from its creation on."""

    def __init__(self, page: Page, company: str) -> None:
        self._company = company
        self._under_way: set[Request] = set()
        self._redirected: set[Request] = set()
        self._started = 0
        self._asked: set[str] = set()
        self._failures: list[tuple[int, str | None]] = []
        self._changed = asyncio.Event()
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfinished", self._on_end)
        page.on("requestfailed", self._on_failed)
        page.on("framenavigated", lambda frame: self._on_navigation() if frame == page.main_frame else None)

    def _on_request(self, request: Request) -> None:
        if request.resource_type in XHR:
            self._under_way.add(request)
            if request.redirected_from is None:
                self._started += 1
                self._asked.add(_kind(request.url))
            else:
                self._under_way.discard(request.redirected_from)
            self._changed.set()

    def _on_response(self, response: Response) -> None:
        if response.request.resource_type not in XHR:
            return
        if is_login(response.url) and not is_login(_first(response.request).url):
            self._failures.append((401, None))  # sent to the login page instead of being refused
        elif response.status >= 400:
            self._failures.append((response.status, response.headers.get("retry-after")))
        elif 300 <= response.status < 400:
            self._redirected.add(response.request)

    def _on_end(self, request: Request) -> None:
        """A request that is sent elsewhere goes on with the next one; if that never comes, it has ended."""
        if request in self._redirected:
            self._redirected.discard(request)
            asyncio.get_running_loop().call_later(REDIRECT_WITHIN_S, self._on_end, request)
            return
        self._under_way.discard(request)
        self._changed.set()

    def _on_failed(self, request: Request) -> None:
        if request in self._under_way and not (request.failure or "").endswith("ERR_ABORTED"):
            self._failures.append((599, None))  # no answer at all: counted with the server's own failures
        self._on_end(request)

    def _on_navigation(self) -> None:
        self._changed.set()

    def mark(self) -> int:
        """Forget past failures; the returned mark is for `settled` and `started_since`."""
        self._failures.clear()
        self._asked.clear()
        return self._started

    def started_since(self, mark: int) -> bool:
        return self._started > mark

    @property
    def asked(self) -> frozenset[str]:
        """The kinds of XHR since the last mark: their addresses without what differs from PQR to PQR."""
        return frozenset(self._asked)

    async def has_asked(self, kinds: frozenset[str], timeout_s: float) -> None:
        """Wait until XHR of these kinds have started since the last mark, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not kinds <= self._asked:
                    self._changed.clear()
                    await self._changed.wait()

    @property
    def idle(self) -> bool:
        return not self._under_way

    async def settled(self, mark: int, timeout_s: float, *, start_within_s: float | None = None) -> bool:
        """Wait until an XHR has started since `mark` and none is under way.

        Returns False if none started within `start_within_s`; raises PortalDown when they don't end.
        """
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while not (self.started_since(mark) and self.idle):
            limit = timeout_s
            if start_within_s is not None and not self.started_since(mark):
                limit = start_within_s
            left = begin + limit - loop.time()
            if left <= 0:
                if not self.started_since(mark):
                    return False
                raise PortalDown(self._company, f"no answer to a request within {timeout_s:.0f} s")
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return True

    def not_found(self) -> bool:
        """Whether an XHR since the last mark was answered with 404."""
        return any(status == 404 for status, _ in self._failures)

    def raise_failures(self, day: date | None = None) -> None:
        """Raise what the failed XHR since the last mark mean; 404 is left to the caller."""
        for status, retry_after in self._failures:
            if status != 404:
                raise_for_status(self._company, status, retry_after, day=day)
