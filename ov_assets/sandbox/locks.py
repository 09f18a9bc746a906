"""Kernel file locks. The kernel drops them when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path


class FileLock:
    """One open file and its `flock`. Its descriptor isn't inherited by programs that the holder starts."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take_shared(self, timeout: float) -> None:
        """Wait for it, up to `timeout` seconds; raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while not self._try(fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.path} stayed locked for {timeout:.0f} s")
            time.sleep(0.05)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def user_lock(directory: Path, service: str) -> FileLock:
    """Held shared by everybody who wants `service`."""
    return FileLock(directory / "users" / f"{service}.lock")


def supervisor_lock(directory: Path) -> FileLock:
    """Held exclusively by the one supervisor of `directory`."""
    return FileLock(directory / "supervisor.lock")
