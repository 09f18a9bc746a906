"""A portal without a server (Starlette's client), and both portals as a real process for the browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

with warnings.catch_warnings():
    # Its client still works on httpx, and says at import that it would rather have another one.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from ov_assets.sandbox.portal.api import BASE
from ov_assets.sandbox.portal.app import DNN_NAME, make_app
from ov_assets.sandbox.portal.session import Account, seal
from ov_assets.sandbox.portal.site import Site
from ov_assets.sandbox.portal.world import World

ACCOUNTS = {"afinia": ("operador uno", "Clave,Segura_1"), "aire": ("operador dos", "Otra.Clave-2")}
NOW = datetime.fromisoformat("2025-10-30T12:00:00")
DAY = "2025-10-13"


class Portal(TestClient):
    """A portal in this process, with the calls that every test needs."""

    def __init__(self, site: Site):
        super().__init__(make_app(site), base_url="http://portal.test", follow_redirects=False)
        self.site = site

    def login(self, username: str | None = None, password: str | None = None) -> httpx.Response:
        page = self.get("/Login").text
        nonce = page.split('name="__OVNonce" value="')[1].split('"')[0]
        account = ACCOUNTS[self.site.company]
        sealed = seal(nonce, username or account[0], password or account[1])
        return self.post("/Login", data={"__OVNonce": nonce, f"{DNN_NAME}hidCredenciales": sealed})

    def faults(self, **switches: object) -> dict:
        answer = self.put("/__control__/faults", json=switches)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def truth(self, day: str = DAY, estado: str | None = None) -> list[dict]:
        return self.get(
            "/__control__/truth", params={"date": day, **({"estado": estado} if estado else {})}
        ).json()

    def list(self, page: int = 1, day: str | None = DAY, estado: str | None = None) -> httpx.Response:
        asked = {"pageIndex": page, "pageSize": 10}
        if day:
            asked |= {"fechaInicial": day, "fechaFinal": day}
        if estado:
            asked["estado"] = estado
        return self.get(f"{BASE}/Pqr/Get", params=asked)

    def detail(self, pqr: dict) -> httpx.Response:
        return self.get(f"{BASE}/Pqr/Detail", params={"id": pqr["id"]})

    def attachment(self, pqr: dict, index: int = 0) -> httpx.Response:
        name = pqr["adjuntos"][index]["nombre"]
        return self.get(f"{BASE}/Adjunto/Get", params={"id": pqr["id"], "archivo": name})


@pytest.fixture(scope="session")
def world() -> World:
    return World(7)


@pytest.fixture(params=["afinia"])
def portal(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Portal:
    """A logged-in portal whose clock stands at NOW."""
    site = Site(request.param, world, tmp_path, Account(*ACCOUNTS[request.param]))
    portal = Portal(site)
    portal.put("/__control__/clock", json={"now": NOW.isoformat()})
    assert portal.login().status_code == 302
    return portal


class Server(NamedTuple):
    """The portals as a process."""

    process: subprocess.Popen
    urls: dict[str, str]


def start(state_dir: Path) -> Server:
    """Start both portals on free ports and wait until they say where they are."""
    names = {f"OV_{company.upper()}": account for company, account in ACCOUNTS.items()}
    accounts = {f"{name}_USERNAME": account[0] for name, account in names.items()}
    accounts |= {f"{name}_PASSWORD": account[1] for name, account in names.items()}
    command = [
        "-m",
        "ov_assets.sandbox.portal.server",
        "--state-dir",
        str(state_dir),
        "--afinia=0",
        "--aire=0",
    ]
    process = subprocess.Popen(
        [sys.executable, *command], env=os.environ | accounts, stdout=subprocess.PIPE, text=True
    )
    urls = dict(process.stdout.readline().split() for _ in ACCOUNTS)
    return Server(process, urls)


def stop(server: Server) -> int:
    server.process.terminate()
    code = server.process.wait(10)
    server.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start(tmp_path_factory.mktemp("portals"))
    yield running
    stop(running)


# Not of the session: while Playwright's own loop is up in this thread, no test may run another one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    quiet = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        path = os.environ.get("OV_CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=quiet)
        yield chromium
        chromium.close()
