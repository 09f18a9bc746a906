"""One portal as a Starlette application: the pages, the gate in front of them, the libraries they run on.

AngularJS, AngularJS Material and UI Bootstrap are served out of the installed XStatic packages, so that date
pickers, selects and routes behave as the true ones do, quirks included.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from xstatic.pkg import angular, angular_bootstrap, angular_material

from . import api, control
from .renamed import Renamed
from .session import COOKIE, Session
from .site import Site

HERE = Path(__file__).parent
LIST_PATH = "/Listado-Radicación-PQR"
MOVED = "/es-co"
STATIC = "/Portals"
NOISE_PATH = "/DesktopModules/Avisos/API"
LONG_POLL_S, PING_S = 50.0, 0.3
DNN_ID = "dnn_ctr_Login_Login_DotNetNuke.Membership.GatewayMembershipProvider_"
DNN_NAME = "dnn$ctr$Login$Login_DotNetNuke.Membership.GatewayMembershipProvider$"

# AngularJS owns the double braces of these pages, so Jinja has to take other ones.
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    variable_start_string="[[",
    variable_end_string="]]",
)


class CachedStatic(StaticFiles):
    """Libraries never change while the portal runs; a browser need ask for them once per context."""

    def file_response(self, *args, **kwargs) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=86400, immutable"
        return response


class Gate:
    """What stands in front of the application in the real world: latency, edge, maintenance, rate limit."""

    def __init__(self, app: ASGIApp, site: Site):
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(control.PREFIX):
            await self.app(scope, receive, send)
            return
        if latency := self.site.faults.get("latency_ms"):
            await asyncio.sleep(latency.ms / 1000)
        refusal = self._refusal(static=scope["path"].startswith(STATIC)) or self._failure(scope)
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, *, static: bool) -> Response | None:
        faults = self.site.faults
        if faults.get("edge_block"):
            return HTMLResponse(TEMPLATES.get_template("edge_block.html").render(), 403)
        if faults.get("portal_down"):
            page = TEMPLATES.get_template("portal_down.html").render(brand=self.site.brand)
            return HTMLResponse(page, 503)
        limit = faults.get("http_429")
        if limit and not static and faults.spend("http_429"):
            return HTMLResponse("Too Many Requests", 429, headers={"Retry-After": str(limit.retry_after)})
        return None

    def _failure(self, scope: Scope) -> Response | None:
        faults, path = self.site.faults, scope["path"]
        asked = f"{scope['method']} {path}?{scope['query_string'].decode()}"
        once = faults.get("fails_once")
        if once and once.concerns(path, besides=(STATIC, NOISE_PATH)) and asked not in once.seen:
            once.seen.append(asked)
            return HTMLResponse("An error has occurred.", 500)
        at_random = faults.get("fails_at_random")
        if at_random and path.startswith(at_random.only):
            at_random.asked += 1
            if Random(f"{at_random.seed} {at_random.asked}").random() * 100 < at_random.percent:
                return HTMLResponse("An error has occurred.", 500)
        return None


class Pages:
    """The HTML pages."""

    def __init__(self, site: Site):
        self.site = site

    def _render(self, template: str, page: str, status: int = 200, **values: object) -> Response:
        html = TEMPLATES.get_template(template).render(
            brand=self.site.brand,
            popup=self.site.popup(page),
            console_error=self.site.faults.get("console_error"),
            list_path=quote(LIST_PATH),
            static=STATIC,
            **values,
        )
        headers = {"Cache-Control": "no-store"}
        layout = self.site.faults.get("layout_changed")
        if layout and "latin1" in layout.which:
            body = html.replace('charset="utf-8"', "").encode("latin-1", "xmlcharrefreplace")
            return Response(body, status, headers | {"Content-Type": "text/html; charset=iso-8859-1"})
        return HTMLResponse(html, status, headers=headers)

    def _session(self, request: Request) -> Session | None:
        self.site.stats.page_requests += 1
        return self.site.sessions.use(request.cookies.get(COOKIE))

    @staticmethod
    def _to_login(request: Request) -> Response:
        path = quote(request.url.path, safe="")
        return RedirectResponse(f"/Login?returnurl={path}", 302)

    async def home(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return self._to_login(request)
        home = self.site.faults.get("home")
        return self._render("home.html", "home", session=session, menu=home.mode if home else "")

    async def list(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return self._to_login(request)
        layout = self.site.faults.get("layout_changed")
        changed = set(layout.which) if layout else set()
        if "list_redirects" in changed and request.url.path == LIST_PATH:
            return RedirectResponse(f"{MOVED}{quote(LIST_PATH)}", 302)
        settings = {
            "api": api.BASE,
            "hoy": self.site.book.now().date().isoformat(),
            "sorda": "hash_ignored" in changed,
            "soloPuntero": "trusted_clicks" in changed,
            "soloTeclado": "typed_dates" in changed,
            "limite": next((n for n in (5, 25) if f"pages_of_{n}" in changed), 10),
            "sinTotal": "no_total" in changed,
            "miles": "grouped_total" in changed,
            "conservaPagina": "keeps_page" in changed,
            "alerta": "alert" in changed,
            "confirma": "confirm" in changed,
            "ruido": noise.which if (noise := self.site.faults.get("noise")) else [],
        }
        planted = self.site.faults.get("planted")
        return self._render(
            "module.html",
            "module",
            session=session,
            changed=changed,
            settings=settings,
            planted=planted.texts if planted else [],
        )

    async def login(self, request: Request) -> Response:
        self.site.stats.page_requests += 1
        return self._login_page(request)

    def _login_page(self, request: Request, error: str = "") -> Response:
        session = self.site.sessions.find(request.cookies.get(COOKIE))
        waiting = session is not None and session.waiting_for_code
        return self._render(
            "otp.html" if waiting else "login.html",
            "login",
            id=DNN_ID,
            name=DNN_NAME,
            nonce=self.site.sessions.nonce(),
            dropped=self.site.faults.get("dropped_keystrokes"),
            returnurl=request.query_params.get("returnurl", ""),
            error=error,
            changed=set(layout.which) if (layout := self.site.faults.get("layout_changed")) else set(),
        )

    async def post_login(self, request: Request) -> Response:
        self.site.stats.page_requests += 1
        sessions, form = self.site.sessions, await request.form()
        session = sessions.find(request.cookies.get(COOKIE))
        otp = self.site.faults.get("otp")
        if session and session.waiting_for_code and f"{DNN_NAME}txtOtpCode" in form:
            if otp and form[f"{DNN_NAME}txtOtpCode"] != otp.code:
                return self._login_page(request, "El código no es válido o ya venció.")
            session.waiting_for_code = False
        elif sessions.check(str(form.get("__OVNonce", "")), str(form.get(f"{DNN_NAME}hidCredenciales", ""))):
            session = sessions.open()
        else:
            self.site.stats.logins_failed += 1
            if slow := self.site.faults.get("login_slow"):
                await asyncio.sleep(slow.ms / 1000)
            return self._login_page(request, "Usuario o contraseña incorrectos. Intente nuevamente.")
        target = _local(request.query_params.get("returnurl", ""))
        if session.waiting_for_code:
            target = f"/Login?returnurl={quote(target, safe='')}"
        else:
            self.site.stats.logins_ok += 1
        response = RedirectResponse(target, 302)
        response.set_cookie(COOKIE, session.token, httponly=True, samesite="lax")
        return response

    async def noise(self, request: Request) -> Response:
        kind = request.path_params["kind"].removeprefix("foreign_")
        self.site.stats.noise_requests += 1
        if kind == "long_poll":
            await asyncio.wait({asyncio.create_task(self.site.release.wait())}, timeout=LONG_POLL_S)
        elif kind == "ping":
            await asyncio.sleep(PING_S)
        status = int(kind) if kind.isdigit() else 200
        headers = {"Access-Control-Allow-Origin": "*"}
        return PlainTextResponse("pong", status, headers=headers)

    async def logoff(self, request: Request) -> Response:
        self.site.sessions.close(request.cookies.get(COOKIE))
        response = RedirectResponse("/Login", 302)
        response.delete_cookie(COOKIE)
        return response

    async def missing(self, request: Request, error: Exception) -> Response:
        return self._render("missing.html", "missing", 404)


def _local(returnurl: str) -> str:
    """Where to go after the login; never to another site."""
    path = unquote(returnurl)
    return quote(path) if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def make_app(site: Site) -> ASGIApp:
    """The portal of one company."""
    pages = Pages(site)
    libraries = {
        "angular": angular.BASE_DIR,
        "material": angular_material.BASE_DIR,
        "bootstrap": angular_bootstrap.BASE_DIR,
        "ov": HERE / "static",
    }
    routes = [
        Route("/", pages.home),
        *(Route(path, pages.list) for path in (LIST_PATH, MOVED + LIST_PATH)),
        Route("/Logoff", pages.logoff),
        *(Route(path, pages.login, methods=["GET"]) for path in ("/login", "/Login")),
        *(Route(path, pages.post_login, methods=["POST"]) for path in ("/login", "/Login")),
        Route(f"{NOISE_PATH}/{{kind}}", pages.noise),
        *api.routes(site),
        control.mount(site),
        *(Mount(f"{STATIC}/{name}", CachedStatic(directory=folder)) for name, folder in libraries.items()),
    ]
    return Gate(Renamed(Starlette(routes=routes, exception_handlers={404: pages.missing}), site), site)
