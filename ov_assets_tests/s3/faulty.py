"""A TCP proxy before S3 that spoils some answers: what a network and a busy S3 do."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

DROP = b""  # the request gets through, its answer doesn't
DAMAGE = b"\0"  # the last byte of the request arrives as another one
HOLD = b"\1"  # the request comes to nothing, and is never answered
PASS = None
Fault = bytes | None | Callable[[str, str], bytes | None]


def answer(status: int, code: str) -> bytes:
    """An answer of S3's own, given in place of the server's."""
    body = f"<Error><Code>{code}</Code><Message>x</Message></Error>".encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


class Proxy:
    """`faults`: for each connection in turn one of the above or the bytes to answer; the last goes on.

    Or a function of the request's method and path that says which of them. requests: their first lines.
    headers: of each request, by lower-case name.
    """

    def __init__(self, endpoint_url: str, faults: list[Fault]) -> None:
        target = urlsplit(endpoint_url)
        self.target = (target.hostname, target.port)
        self.faults = faults
        self.connections = 0
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with self.lock:
            fault = self.faults[min(self.connections, len(self.faults) - 1)]
            self.connections += 1
        with client, contextlib.suppress(OSError):
            request = _whole_request(client)
            first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
            with self.lock:
                self.requests.append(first)
                self.headers.append({k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)})
            if callable(fault):
                method, target, _ = request.split(b" ", 2)
                fault = fault(method.decode(), unquote(urlsplit(target.decode()).path))
            if fault is HOLD:
                client.recv(1)
                return
            if fault is DAMAGE:
                request = request[:-1] + bytes([request[-1] ^ 1])
            elif fault:
                client.sendall(fault)
                return
            with socket.create_connection(self.target) as server:
                server.sendall(request)
                while data := server.recv(65536):
                    if fault is DROP:
                        return
                    client.sendall(data)


def _whole_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := client.recv(65536)):
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        if not (more := client.recv(65536)):
            break
        body += more
    # One request a connection, so that faults can be counted.
    return head + b"\r\nConnection: close\r\n\r\n" + body


@contextlib.contextmanager
def faulty(endpoint_url: str, *faults: Fault) -> Iterator[Proxy]:
    proxy = Proxy(endpoint_url, list(faults))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.listener.close()
