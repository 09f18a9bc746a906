"""Other words in what a portal serves, as after its vendor's next release: pages and scripts alike.

A state that was renamed is asked for by its new word.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import control
from .site import Site

REWRITTEN = (b"text/html", b"text/javascript", b"application/javascript", b"application/json")


class Renamed:
    """Puts each word of the switch `renamed` in the place of another, in what the portal answers."""

    def __init__(self, app: ASGIApp, site: Site):
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        renamed = self.site.faults.get("renamed")
        if renamed is None or scope["type"] != "http" or scope["path"].startswith(control.PREFIX):
            await self.app(scope, receive, send)
            return
        asked = scope["query_string"]
        for before, after in renamed.words.items():
            asked = asked.replace(quote(after).encode(), quote(before).encode())
        scope = dict(scope, query_string=asked)
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            headers = dict(start["headers"])
            if headers.get(b"content-type", b"").startswith(REWRITTEN):
                for before, after in renamed.words.items():
                    body = body.replace(before.encode(), after.encode())
                start["headers"] = [*((headers | {b"content-length": str(len(body)).encode()}).items())]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, collect)
