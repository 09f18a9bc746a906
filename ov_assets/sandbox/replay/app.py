"""The server of a replay: any password is right; pages and answers are the recorded ones, in their time."""

import asyncio
import json
from collections import defaultdict
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ov_assets.portal.pages_file import Pages
from ov_assets.portal.recording.document import Exchange, File, Page, Recording, RecordingError
from ov_assets.portal.recording.dom import NOT_DRAWN
from ov_assets.sandbox.replay.files import bytes_of, hands_out
from ov_assets.sandbox.replay.script_data import login_data, module_data

SCRIPT = (Path(__file__).parent / "static" / "replay.js").read_text(encoding="utf-8")
COOKIE, LOGIN_PATHS = "replay", ("/login", "/Login")
OK, SEE_OTHER, NOT_FOUND, NO_ANSWER = 200, 302, 404, 504
HANGS_S = 60.0
HTML = """<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,"><style>[{not_drawn}] {{ display: none !important }}</style></head>
<body class="{body_class}">{body}<script>window.REPLAY = {data};</script>
<script>{script}</script></body></html>"""


class Replay:
    """One recording."""

    def __init__(self, recording: Recording, pages: Pages) -> None:
        self._recording, self._pages = recording, pages
        self._answers: dict[tuple, list[Exchange]] = defaultdict(list)
        for exchange in recording.exchanges:
            self._answers[_asked(exchange.method, exchange.address)].append(exchange)
        self._files = {file.step: file for detail in recording.details for file in detail.files}
        if not recording.lists:
            raise RecordingError("the visit that was recorded never came to the list")
        self._module = module_data(recording, pages)

    async def login(self, request: Request) -> Response:
        if request.method == "POST":
            response = RedirectResponse("/", SEE_OTHER)
            response.set_cookie(COOKIE, "1", httponly=True, samesite="lax")
            return response
        return _html(self._recording.login, login_data(self._recording, self._pages))

    async def home(self, request: Request) -> Response:
        return HTMLResponse("<h1>Inicio</h1>") if COOKIE in request.cookies else RedirectResponse("/login")

    async def module(self, request: Request) -> Response:
        """The list and the details. Its body is drawn by the script, as the route says."""
        if COOKIE not in request.cookies:
            return RedirectResponse("/login")
        first = self._recording.lists[0].page
        return _html(Page(first.title, first.body_class, []), self._module)

    async def anything_else(self, request: Request) -> Response:
        """What was recorded, in turn if it was asked several times; the last one from there on."""
        given = self._answers.get(_asked(request.method, f"{request.url.path}?{request.url.query}"))
        if given is None:
            return PlainTextResponse("", NOT_FOUND)
        exchange = given.pop(0) if len(given) > 1 else given[0]
        await asyncio.sleep((exchange.ms or 0) / 1000 if exchange.status else HANGS_S)
        headers = {"Cache-Control": "no-store"}
        if exchange.location:
            return RedirectResponse(exchange.location, exchange.status or SEE_OTHER, headers)
        if exchange.body is not None:
            return JSONResponse(exchange.body, exchange.status or OK, headers)
        file, status = self._files.get(exchange.step), exchange.status or NO_ANSWER
        if file is None or not hands_out(exchange, file) or status >= 400:
            return Response(b"x" * (exchange.size_bytes or 0), status, headers, exchange.content_type or None)
        return _file(file, exchange, headers)


def _file(file: File, exchange: Exchange, headers: dict[str, str]) -> Response:
    if exchange.disposition:
        headers["Content-Disposition"] = f"{exchange.disposition}; filename*=UTF-8''{quote(file.name)}"
    return Response(bytes_of(file), OK, headers, exchange.content_type or None)


def _asked(method: str, address: str) -> tuple:
    parts = urlsplit(address)
    return method, unquote(parts.path), tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))


def _html(page: Page, data: dict) -> Response:
    given = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    html = HTML.format(
        title=escape(page.title),
        not_drawn=NOT_DRAWN,
        body_class=escape(page.body_class),
        body="".join(page.body),
        data=given,
        script=SCRIPT,
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def make_app(recording: Recording, pages: Pages) -> Starlette:
    """The portal of a recording. pages: what the capture that was recorded knew its pages by."""
    replay = Replay(recording, pages)
    return Starlette(
        routes=[
            *(Route(path, replay.login, methods=["GET", "POST"]) for path in LOGIN_PATHS),
            Route("/", replay.home),
            Route(unquote(pages["routes.list"]), replay.module),
            Route("/{path:path}", replay.anything_else, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ]
    )
