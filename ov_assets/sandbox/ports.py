"""Free ports on loopback, kept from one start to the next while they stay free."""

import json
import random
import socket
from pathlib import Path

# Below the kernel's ephemeral range, so that no outgoing connection can take one between choice and use.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` if nobody listens there, else another one."""
    if preferred and is_free(preferred):
        return preferred
    while not is_free(port := random.randrange(FIRST, LAST)):
        pass
    return port


def free_ports(names: list[str], remembered: Path) -> dict[str, int]:
    """A port for each name: the one of last time (in the file `remembered`), or a new one."""
    before = json.loads(remembered.read_text()) if remembered.exists() else {}
    ports: dict[str, int] = {}
    for name in names:
        port = free_port(before.get(name))
        while port in ports.values():
            port = free_port()
        ports[name] = port
    remembered.write_text(json.dumps(ports))
    return ports
