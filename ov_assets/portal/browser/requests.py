"""The XHR of one tab to its portal: what was asked for, what is under way, what failed.

The portal's endpoints aren't known, and its pages show no loading sign, so "the answer is here" is
taken from the traffic itself. Which kind of request brings what is learnt while it runs (`learnt.py`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request, Response

from ov_assets.portal.errors import AccessBlocked, PortalDown, PortalError, SessionExpired
from ov_assets.portal.site import Site

XHR = ("xhr", "fetch")
PAGE_FILES = ("script", "stylesheet")
NO_ANSWER = 599  # counted with the server's own failures
REDIRECT_WITHIN_S = 2.0
READ_WITHIN_S = 5.0


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


def kind_of(url: str) -> str:
    """An address without its query, and without parts of its path that bear a digit: they may be an id."""
    return "/".join(part for part in urlsplit(url).path.split("/") if not any(c.isdigit() for c in part))


def _first(request: Request) -> Request:
    """What was asked before anything was redirected."""
    while request.redirected_from is not None:
        request = request.redirected_from
    return request


@dataclass(frozen=True, slots=True)
class Failed:
    """An XHR without a good answer; status 599: without any."""

    kind: str
    status: int
    retry_after: str | None


class RequestsWatch:
    """Follows the XHR of one tab from its creation on; those to other hosts are nobody's business."""

    def __init__(self, page: Page, site: Site) -> None:
        self._company, self._site = site.company.slug, site
        self._under_way: dict[Request, float] = {}
        self._redirected: set[Request] = set()
        self._started: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._answers: dict[str, Response] = {}
        self._failures: list[Failed] = []
        self._broken_files = 0
        self._marked_at = 0.0
        self._changed = asyncio.Event()
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfinished", self._on_end)
        page.on("requestfailed", self._on_failed)
        page.on("framenavigated", lambda frame: self._on_navigation() if frame == page.main_frame else None)

    def _is_ours(self, request: Request) -> bool:
        return request.resource_type in XHR and self._site.owns(_first(request).url)

    def _on_request(self, request: Request) -> None:
        if self._is_ours(request):
            self._under_way[request] = asyncio.get_running_loop().time()
            if request.redirected_from is None:
                self._started[kind_of(request.url)] += 1
                self._asked.add(kind_of(request.url))
            else:
                self._under_way.pop(request.redirected_from, None)
            self._changed.set()

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in PAGE_FILES:
            self._broken_files += self._site.owns(response.url)
        if not self._is_ours(response.request):
            return
        kind = kind_of(_first(response.request).url)
        if self._site.is_login(response.url) and not self._site.is_login(_first(response.request).url):
            self._failures.append(Failed(kind, 401, None))  # sent to the login page instead of being refused
        elif response.status >= 400:
            self._failures.append(Failed(kind, response.status, response.headers.get("retry-after")))
        elif 300 <= response.status < 400:
            self._redirected.add(response.request)
        else:
            self._answers[kind] = response

    def _on_end(self, request: Request) -> None:
        """A request that is sent elsewhere goes on with the next one; if that never comes, it has ended."""
        if request in self._redirected:
            self._redirected.discard(request)
            asyncio.get_running_loop().call_later(REDIRECT_WITHIN_S, self._on_end, request)
            return
        self._under_way.pop(request, None)
        self._changed.set()

    def _on_failed(self, request: Request) -> None:
        """No answer, or the page gave it up; what was asked for before the last mark went with its page."""
        is_given_up = (request.failure or "").endswith("ERR_ABORTED")
        if (began := self._under_way.get(request)) and (not is_given_up or began > self._marked_at):
            self._failures.append(Failed(kind_of(_first(request).url), NO_ANSWER, None))
        if not is_given_up:
            self._broken_files += request.resource_type in PAGE_FILES and self._site.owns(request.url)
        self._on_end(request)

    def _on_navigation(self) -> None:
        self._changed.set()

    def mark(self) -> Counter[str]:
        """Forget past failures and answers; the returned mark is for `settled` and `started_since`."""
        self._failures.clear()
        self._asked.clear()
        self._answers.clear()
        self._broken_files = 0
        self._marked_at = asyncio.get_running_loop().time()
        return self._started.copy()

    def started_since(self, mark: Counter[str], of: Collection[str] = ()) -> bool:
        """Whether an XHR of one of these kinds has started; of none: any."""
        return any(count > mark[kind] for kind, count in self._started.items() if not of or kind in of)

    @property
    def is_broken(self) -> bool:
        """Whether a script or a style sheet of the page itself didn't come: it may lack anything."""
        return self._broken_files > 0

    @property
    def asked(self) -> frozenset[str]:
        """The kinds of XHR since the last mark: their addresses without what differs from PQR to PQR."""
        return frozenset(self._asked)

    @property
    def answered(self) -> frozenset[str]:
        """The kinds of XHR since the last mark that had a good answer."""
        return frozenset(self._answers)

    async def starts(self, mark: Counter[str], within_s: float, of: Collection[str] = ()) -> bool:
        """Whether an XHR of one of these kinds, of none: any, starts since the mark, or in this time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self.started_since(mark, of):
                    self._changed.clear()
                    await self._changed.wait()
        return self.started_since(mark, of)

    async def has_asked(self, kinds: frozenset[str], timeout_s: float) -> None:
        """Wait until XHR of these kinds have started since the last mark, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not kinds <= self._asked:
                    self._changed.clear()
                    await self._changed.wait()

    def under_way(self, of: Collection[str] = (), since: float | None = None) -> frozenset[str]:
        """The kinds of XHR that have no answer yet; of none: any.

        since: a moment of the loop's clock. What began later, of a kind that was answered since the last
        mark, is a page that asks again and again.
        """
        begun = ((kind_of(_first(request).url), began) for request, began in self._under_way.items())
        kinds = frozenset(
            kind for kind, began in begun if since is None or began <= since or kind not in self._answers
        )
        return kinds & frozenset(of) if of else kinds

    async def bring(self, texts: Collection[str]) -> frozenset[str]:
        """The kinds of XHR since the last mark whose answer holds each of these texts."""
        found = set()
        for kind, response in list(self._answers.items()):
            # Gone with its page, no text, or an answer that never ends.
            with contextlib.suppress(PlaywrightError, UnicodeDecodeError, TimeoutError):
                body = await asyncio.wait_for(response.text(), READ_WITHIN_S)
                if all(text in body for text in texts):
                    found.add(kind)
        return frozenset(found)

    async def settled(
        self,
        mark: Counter[str],
        timeout_s: float,
        *,
        start_within_s: float | None = None,
        of: Collection[str] = (),
        besides: Collection[str] = (),
    ) -> bool:
        """Wait until an XHR has started since `mark` and none is under way; of: only these kinds, if any.

        besides: kinds that nobody waits for. Returns False if none started within `start_within_s`; raises
        PortalDown when they don't end.
        """
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while not (started := self.started_since(mark, of)) or self.under_way(of, begin) - frozenset(besides):
            limit = timeout_s if start_within_s is None or started else start_within_s
            left = begin + limit - loop.time()
            if left <= 0:
                if not started:
                    return False
                raise PortalDown(self._company, f"no answer to a request within {timeout_s:.0f} s")
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return True

    @property
    def failures(self) -> tuple[Failed, ...]:
        """The XHR since the last mark that failed."""
        return tuple(self._failures)

    def raise_failures(
        self, day: date | None = None, *, of: Collection[str] = (), besides: Collection[str] = ()
    ) -> None:
        """Raise what the failed XHR since the last mark mean, of none of these kinds: of any.

        404 is left to the caller.
        """
        for failed in self._failures:
            if (
                failed.status != HTTPStatus.NOT_FOUND
                and (not of or failed.kind in of)
                and failed.kind not in besides
            ):
                try:
                    raise_for_status(self._company, failed.status, failed.retry_after, day=day)
                except PortalError as error:
                    error.step = failed.kind
                    raise
