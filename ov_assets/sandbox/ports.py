"""Free ports on loopback, kept from one start to the next while they stay free."""

import json
import random
import socket
from pathlib import Path

# Below the kernel's ephemeral range (32768 and up), so that no outgoing connection can take one between its
# choice and its use; and with room above for servers whose second port is their first one plus 10,000.
FIRST, LAST = 15_000, 22_700


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_served(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(preferred: int | None = None, *, second: int = 0) -> int:
    """`preferred` if nobody listens there, else another one; `second` further up is free too."""
    port = preferred or random.randrange(FIRST, LAST)
    while not (is_free(port) and is_free(port + second)):
        port = random.randrange(FIRST, LAST)
    return port


def free_ports(names: list[str], remembered: Path, *, second: int = 0) -> dict[str, int]:
    """A port for each name: the one of last time (in the file `remembered`), or a new one."""
    before = json.loads(remembered.read_text()) if remembered.exists() else {}
    ports: dict[str, int] = {}
    for name in names:
        port = free_port(before.get(name), second=second)
        while port in ports.values():
            port = free_port(second=second)
        ports[name] = port
    remembered.write_text(json.dumps(ports))
    return ports
