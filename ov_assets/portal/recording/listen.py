"""What passes between a browser and a portal while somebody else works with it: listened to, never acted on.

What is heard is kept in memory, as it is; nothing of it is written before it is masked.
"""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request, Response

from ov_assets.portal.browser.requests import XHR
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.recording.document import Event, Exchange
from ov_assets.portal.recording.dom import tree_of
from ov_assets.portal.site import Site

TELL = "ovRecordTell"
CLICKED = ("search", "page", "file")
LISTENED_TO = frozenset({"document", *XHR, "other"})
EVENTS_PER_STEP_MAX, EXCHANGES_PER_STEP_MAX = 150, 80
BODY_MAX_BYTES = 64 * 1024
READ_WITHIN_S = 5.0


def now_ms() -> int:
    return int(time.time() * 1000)


@dataclass(slots=True)
class Step:
    """One thing that was done; its times are by the clock as long as the listening lasts."""

    name: str
    began_ms: int
    exchanges: list[Exchange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    given_up: set[int] = field(default_factory=set)  # the exchanges that ended with their page

    @property
    def zero_ms(self) -> int:
        """When what began it was over: the click, or the load of its page, or its address had changed."""
        if self.name.startswith(CLICKED):
            clicks = [event.at_ms for event in self.events if event.what == "click"]
            # The search is preceded by the clicks on its filters; a file may be followed by the page's own.
            return (clicks or [self.began_ms])[-1 if self.name == "search" else 0]
        loads = [one for one in self.exchanges if one.kind == "document" and one.frame == "main" and one.ms]
        return loads[-1].at_ms + (loads[-1].ms or 0) if loads else self.began_ms

    def when(self, what: str, where: str | None = None, *, last: bool = True) -> int | None:
        """When such an event was last heard, or first."""
        found = [e.at_ms for e in self.events if e.what == what and where in (None, e.where)]
        return found[-1 if last else 0] if found else None


class Listener:
    """Attached to each browser of a session, from before the log-in on."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.steps = [Step("login", now_ms())]
        self.login: dict | None = None
        self.deaf_to: Page | None = None  # a page that has no part in the steps to come
        self._places: dict[Request, tuple[Step, int]] = {}
        self._popups: set[Page] = set()
        self._tasks: set[asyncio.Task] = set()

    @property
    def step(self) -> Step:
        return self.steps[-1]

    def begin(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                step.name += " in vain"
        self.steps.append(Step(name, now_ms()))
        return self.step

    async def attach(self, session: PortalSession) -> None:
        context = session.context
        await context.expose_binding(TELL, self._told)
        pages, tell = self._site.pages, f"(event) => window.{TELL}(event)"
        arguments = ", ".join((pages.script("read_list"), pages.script("read_detail"), tell))
        await context.add_init_script(f"({pages.script('record_events')})({arguments})")
        context.on("page", self._on_page)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failed)
        context.on("response", lambda response: self._soon(self._on_response(response)))

    async def done(self) -> None:
        """Wait for the answers that are still being read."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _soon(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _told(self, source: dict, told: dict) -> None:
        if source["page"] != self.deaf_to:
            self._event(told["what"], told["where"], int(told["at"]))

    def _event(self, what: str, where: str = "", at_ms: int | None = None) -> None:
        if len(self.step.events) < EVENTS_PER_STEP_MAX:
            self.step.events.append(Event(self.step.name, at_ms or now_ms(), what, where))

    def _on_page(self, page: Page) -> None:
        if self.step.name.startswith("file"):
            self._popups.add(page)
            self._event("popup")
        page.on("download", lambda file: self._event("save" if file.url.startswith("blob:") else "download"))
        page.on("dialog", lambda dialog: self._event("dialog", dialog.type))
        page.on("domcontentloaded", lambda page: self._soon(self._on_document(page)))

    async def _on_document(self, page: Page) -> None:
        """The log-in page is looked at before anything is typed."""
        if self.login is None and self._site.is_login(page.url):
            with contextlib.suppress(PlaywrightError):
                self.login = await tree_of(page, self._site.pages)

    def _on_request(self, request: Request) -> None:
        step, frame = self.step, self._frame(request)
        if request.url.startswith("blob:") and request.resource_type == "document":
            self._event("show")
        is_heard = request.resource_type in LISTENED_TO and request.url.startswith("http") and frame
        if is_heard and len(step.exchanges) < EXCHANGES_PER_STEP_MAX:
            heard = Exchange(
                step=step.name,
                at_ms=now_ms(),
                method=request.method,
                address=request.url,
                kind=request.resource_type,
                frame=frame,
                hop=request.redirected_from is not None,
            )
            self._places[request] = (step, len(step.exchanges))
            step.exchanges.append(heard)

    def _frame(self, request: Request) -> str:
        """Whose request it is; empty for a page that nobody listens to."""
        try:
            frame = request.frame
        except PlaywrightError:  # a page that is only just opening
            return "popup" if self.step.name.startswith("file") else "main"
        if frame.page == self.deaf_to:
            return ""
        if frame.page in self._popups:
            return "popup"
        return "main" if frame.parent_frame is None else "child"

    def _on_failed(self, request: Request) -> None:
        step, place = self._places.get(request, (None, 0))
        if step and (request.failure or "").endswith("ERR_ABORTED") and step.exchanges[place].status is None:
            step.given_up.add(place)

    async def _on_response(self, response: Response) -> None:
        """The shape of an answer; that a page never reads what it asked for is no reason to miss it."""
        request = response.request
        if request not in self._places:
            return
        step, place = self._places[request]
        heard, headers = step.exchanges[place], response.headers
        length = headers.get("content-length", "")
        step.exchanges[place] = answer = replace(
            heard,
            status=response.status,
            content_type=headers.get("content-type", "").split(";")[0],
            disposition=headers.get("content-disposition", "").split(";")[0].strip().lower(),
            location=headers.get("location", ""),
            size_bytes=int(length) if length.isdigit() else None,
            ms=now_ms() - heard.at_ms,
        )
        with contextlib.suppress(PlaywrightError, TimeoutError, ValueError):
            await asyncio.wait_for(response.finished(), READ_WITHIN_S)
            began_ms, took_ms = (int(request.timing[name]) for name in ("startTime", "responseEnd"))
            if took_ms >= 0:
                step.exchanges[place] = answer = replace(answer, at_ms=began_ms, ms=took_ms)
            if request.resource_type in XHR and "json" in answer.content_type:
                body = await asyncio.wait_for(response.body(), READ_WITHIN_S)
                if len(body) <= BODY_MAX_BYTES:
                    step.exchanges[place] = replace(answer, body=json.loads(body), size_bytes=len(body))
