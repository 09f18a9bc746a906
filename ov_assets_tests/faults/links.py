"""TCP links before RDS and S3 that are cut at a chosen moment.

A worker whose every link is cut at one instant is, to database and bucket, one that `kill -9` ended then:
whatever it does afterwards reaches nobody. One connection that is cut is a lost answer.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

CHUNK_BYTES = 1 << 16
# What a client sends when it commits, and when it makes an object; a chunk that holds it is a moment.
MOMENTS = {"rds": b"COMMIT\0", "s3": b"PUT /"}
Where = Literal["rds", "s3"]


@dataclass(frozen=True, slots=True)
class Cut:
    """nth: the moment on link `where`, from 1. A cut whose moment never comes cuts nothing.

    arrives: the request still gets through and is answered; the answer is lost either way.
    dead: every link is down from then on; else only the connection that this happened on is lost.
    """

    where: Where
    nth: int
    arrives: bool
    dead: bool

    @property
    def named(self) -> str:
        what = "worker killed" if self.dead else "answer lost" if self.arrives else "request lost"
        return (
            f"{what} {'after' if self.arrives else 'before'} a {'commit' if self.where == 'rds' else 'PUT'}"
        )


class _Severed(Exception):
    pass


class Links:
    """One link to each target, (host, port) by name; `ports` are those to connect to instead, on loopback.

    has_cut: whether the moment of the last cut came.
    """

    def __init__(self, **targets: tuple[str, int]) -> None:
        self._targets = targets
        self._cut: Cut | None = None
        self._moments = 0
        self._dead = False
        self.has_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.ports = {name: self._on_loop(self._listen(name)) for name in targets}

    @contextmanager
    def cutting(self, cut: Cut) -> Iterator[None]:
        """Open the links until the block ends, but for what `cut` says."""
        self._cut, self._moments, self._dead, self.has_cut = cut, 0, False, False
        try:
            yield
        finally:
            self._on_loop(self._sever_all())

    def close(self) -> None:
        self._on_loop(self._sever_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self, name: str) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(name, reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    async def _sever_all(self) -> None:
        self._dead = True
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._dead:
            writer.transport.abort()
            return
        server_reader, server_writer = await asyncio.open_connection(*self._targets[name])
        ends = {writer, server_writer}
        self._open |= ends
        answer_is_lost = False

        async def there() -> None:
            nonlocal answer_is_lost
            while data := await reader.read(CHUNK_BYTES):
                if self._is_the_moment(name, data):
                    if self._cut and not self._cut.arrives:
                        raise _Severed
                    answer_is_lost = True
                server_writer.write(data)
            server_writer.close()

        async def back() -> None:
            while data := await server_reader.read(CHUNK_BYTES):
                if answer_is_lost:
                    raise _Severed
                writer.write(data)
            writer.close()

        ways = [asyncio.create_task(there()), asyncio.create_task(back())]
        ended, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        if any(isinstance(way.exception(), _Severed) for way in ended):
            if self._cut and self._cut.dead:
                await self._sever_all()
            for end in ends:
                end.transport.abort()
        for way in others:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in ends:
            end.close()
        self._open -= ends

    def _is_the_moment(self, name: str, data: bytes) -> bool:
        if self._cut is None or name != self._cut.where or MOMENTS[name] not in data:
            return False
        self._moments += 1
        if self._moments != self._cut.nth:
            return False
        self.has_cut = True
        return True
