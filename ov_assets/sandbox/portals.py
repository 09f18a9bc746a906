"""The simulated portals of both companies: one process of ours, real AngularJS pages in it."""

import http.client
import os
import sys
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.sandbox.credentials import Credentials
from ov_assets.sandbox.ports import free_ports
from ov_assets.sandbox.service import Service


class Portals(Service):
    name = "portals"

    def __init__(self, home: Path, log: Path, credentials: Credentials) -> None:
        super().__init__(home, log)
        self.accounts = {slug: (f"operador.{slug}", credentials.portal[slug]) for slug in COMPANIES}
        self.ports: dict[str, int] = {}

    def launch(self) -> None:
        self.ports = free_ports(list(COMPANIES), self.home / "ports.json")
        accounts = {
            f"OV_{slug.upper()}_{field}": value
            for slug, account in self.accounts.items()
            for field, value in zip(("USERNAME", "PASSWORD"), account, strict=True)
        }
        ports = [word for slug, port in self.ports.items() for word in (f"--{slug}", str(port))]
        self.spawn(
            [sys.executable, "-m", "ov_assets.sandbox.portal.server", "--state-dir", str(self.home), *ports],
            env=os.environ | accounts,
        )

    def address(self) -> dict[str, str] | None:
        for port in self.ports.values():
            if not answers(port, "/__control__/health"):
                return None
        found: dict[str, str] = {}
        for slug, (username, password) in self.accounts.items():
            found[f"{slug}_url"] = f"http://127.0.0.1:{self.ports[slug]}"
            found[f"{slug}_username"] = username
            found[f"{slug}_password"] = password
        return found


def answers(port: int, path: str) -> bool:
    """Whether a server on loopback answers 200. No proxy of the environment is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
