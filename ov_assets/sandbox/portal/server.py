"""Runs both portals in one process, on one event loop.

    OV_AFINIA_USERNAME=... OV_AFINIA_PASSWORD=... OV_AIRE_USERNAME=... OV_AIRE_PASSWORD=... \\
        python -m ov_assets.sandbox.portal.server --state-dir DIR --afinia 8101 --aire 8102

Port 0 picks a free one; the addresses are printed once both portals accept connections.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import uvicorn

from .app import make_app
from .session import Account
from .site import Site
from .world import COMPANIES, DAILY, FIRST_DAY, World


class Server(uvicorn.Server):
    """Leaves the signals alone: two servers on one loop would take them from each other."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def account_of(company: str) -> Account:
    """The operator's account from the same variables that the extractor reads."""
    prefix = f"OV_{company.upper()}_"
    try:
        return Account(os.environ[f"{prefix}USERNAME"], os.environ[f"{prefix}PASSWORD"])
    except KeyError as error:
        raise SystemExit(f"{error.args[0]} is not set: the portal needs an account to let in") from None


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that names its protocol: without that, asyncio leaves Nagle's algorithm on, and each
    answer that follows its head waits 40 ms for an acknowledgement."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


async def serve(sites: list[Site], sockets: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests finish for a moment."""
    servers = []
    for site in sites:
        config = uvicorn.Config(
            make_app(site), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        servers.append(Server(config))

    def stop() -> None:
        for site, server in zip(sites, servers, strict=True):
            server.should_exit = True
            site.let_go()

    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop)
    running = [
        asyncio.create_task(server.serve(sockets=[sock]))
        for server, sock in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):
        if any(task.done() for task in running):
            break
        await asyncio.sleep(0.01)
    for site, sock in zip(sites, sockets, strict=True):
        host, port = sock.getsockname()[:2]
        print(f"{site.company} http://{host}:{port}", flush=True)
    await asyncio.gather(*running)


def main(arguments: list[str] | None = None) -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        prog="ov_assets.sandbox.portal.server", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--daily", type=int, nargs=2, default=DAILY, metavar=("FEWEST", "MOST"))
    parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY)
    for company in COMPANIES:
        parser.add_argument(f"--{company}", type=int, required=True, metavar="PORT")
    options = parser.parse_args(arguments)
    world = World(options.seed, tuple(options.daily), options.first_day)
    sites = [Site(company, world, options.state_dir, account_of(company)) for company in COMPANIES]
    sockets = [listen(options.host, getattr(options, company)) for company in COMPANIES]
    asyncio.run(serve(sites, sockets))


if __name__ == "__main__":
    main()
