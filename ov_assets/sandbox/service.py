"""One server process: how it is started, watched and stopped."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from ov_assets.sandbox import leash


class ServiceError(Exception):
    """A service couldn't start, or died."""


class Service(ABC):
    """Started once by a supervisor, then asked a few times a second whether it is ready.

    home: its own directory. log: where its output goes. stop_signal: what asks it to stop in good order;
    the kernel sends the same signal if the supervisor is killed, unless `orphan_signal` says otherwise.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    orphan_signal: ClassVar[signal.Signals] = signal.SIGKILL
    start_timeout: ClassVar[float] = 60.0

    def __init__(self, home: Path, log: Path) -> None:
        self.home = home
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    @abstractmethod
    def launch(self) -> None:
        """Prepare what it needs and call `spawn`."""

    @abstractmethod
    def address(self) -> dict[str, str] | None:
        """Where it can be reached, as environment variables; None while it isn't ready."""

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.started_at = time.monotonic()
        self.launch()

    def spawn(
        self,
        argv: list[str],
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start it on a leash, in a session of its own: Ctrl-C in the terminal is the supervisor's."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                leash.command(argv, signum=self.orphan_signal, user=user),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(env) if env is not None else None,
                cwd=cwd or self.home,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    def check(self) -> None:
        """Raise ServiceError if it has ended, or takes too long to get ready."""
        if self.process is not None and self.process.poll() is not None:
            raise ServiceError(self.describe(f"ended with status {self.process.returncode}"))

    def check_start(self) -> None:
        self.check()
        if time.monotonic() - self.started_at > self.start_timeout:
            raise ServiceError(self.describe(f"wasn't ready after {self.start_timeout:.0f} s"))

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stopped(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """End it at once, and clear up what it leaves behind."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
        self.process = None

    def describe(self, what: str) -> str:
        """`what` happened, where the log is, and its last lines."""
        lines = self.log.read_text(errors="replace").splitlines()[-8:] if self.log.exists() else []
        return "\n".join([f"{self.name} {what}; its log is {self.log}:", *(f"    {line}" for line in lines)])
