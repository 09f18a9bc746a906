"""Users of a sandbox as processes of their own, so that they can be killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
USER = """
import json, sys
from ov_assets import sandbox
from ov_assets.settings import Settings
settings, groups = Settings(), sys.argv[1].split(",")
with sandbox.running(settings, groups, migrate=False) as variables:
    print(json.dumps(variables), flush=True)
    sys.stdin.read()
sandbox.wait_until_stopped(settings)
"""


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "OV_HOME": str(home), "PYTHONPATH": str(ROOT), **(extra or {})}


class User:
    """A process that holds some groups of a sandbox until it is told to leave, or killed."""

    def __init__(self, home: Path, *groups: str, extra: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, ",".join(groups)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(home, extra),
        )

    def variables(self) -> dict[str, str]:
        """Waits until what it asked for runs."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the user couldn't start its sandbox"
        return dict(json.loads(line))

    def leave(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def user(home: Path, *groups: str, extra: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    one = User(home, *groups, extra=extra)
    try:
        yield one.variables()
        one.leave()
    finally:
        one.kill()


def ov(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from ov_assets.cli import main; main()", *arguments],
        env=environment(home),
        cwd=home,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def state(home: Path, supervisor: str = "sandbox") -> dict[str, Any]:
    return dict(json.loads((home / supervisor / f"{supervisor}.json").read_text()))


def processes_of(home: Path) -> list[psutil.Process]:
    """All that carry the sandbox's directory in their command line or environment, but for ourselves."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if process.pid != os.getpid() and any(str(home) in word for word in words):
                found.append(process)
    return found


def eventually(condition: Callable[[], Any], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def nobody_left(home: Path, seconds: float) -> None:
    eventually(lambda: not processes_of(home), seconds, f"nobody left, but {processes_of(home)}")
