"""A recording served on loopback, for as long as a context lasts, or until Ctrl-C."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ov_assets.portal.pages_file import Pages
from ov_assets.portal.recording.document import Recording
from ov_assets.sandbox.portal.server import Server, listen
from ov_assets.sandbox.replay.app import make_app

HOST, STOP_TIMEOUT_S, LOOK_EVERY_S = "127.0.0.1", 5, 0.02


@contextmanager
def serving(recording: Recording, pages: Pages, port: int = 0) -> Iterator[str]:
    """Yields its address. port: 0 picks a free one. Raises OSError if it is taken."""
    sock = listen(HOST, port)
    server = Server(
        uvicorn.Config(
            make_app(recording, pages),
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_TIMEOUT_S)
        sock.close()
