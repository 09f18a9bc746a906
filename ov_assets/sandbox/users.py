"""How a process uses services: it holds their locks, and has a supervisor started if none lives."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ov_assets.sandbox.locks import supervisor_lock, user_lock

# An old supervisor may need this long to stop its services before we may start a new one.
STOP_SECONDS = 30.0
START_SECONDS = 120.0
# From its start to its taking of the lock: Python's imports, on a busy machine.
APPEAR_SECONDS = 20.0


class SandboxError(Exception):
    """The sandbox can't be started, or one of its services died."""


def state_file(directory: Path) -> Path:
    """What the supervisor of `directory` publishes: `sandbox/sandbox.json`."""
    return directory / f"{directory.name}.json"


def read_state(directory: Path) -> dict[str, Any] | None:
    """What the living supervisor has published; None if there is none."""
    if not is_supervised(directory):
        return None
    try:
        state: dict[str, Any] = json.loads(state_file(directory).read_text())
        os.kill(state["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return state


@contextmanager
def using(
    directory: Path,
    services: Sequence[str],
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[dict[str, dict[str, str]]]:
    """Hold `services` of the supervisor of `directory`; yields their addresses.

    command, log, env: how that supervisor is started if none lives, where its output goes, and what is
    added to its environment.
    """
    with ExitStack() as held:
        for service in services:
            lock = user_lock(directory, service)
            held.callback(lock.close)
            lock.take_shared(STOP_SECONDS)
        addresses = _await_ready(directory, services, command, log, env or {})
        try:
            yield addresses
        except Exception as error:
            # The reason may well be that a server is gone; if so, say it with the error.
            if found := trouble(directory, services):
                error.add_note(found)
            raise


def trouble(directory: Path, services: Sequence[str]) -> str | None:
    """What has happened to a service that was ready; None if all is well."""
    state = read_state(directory)
    if state is None:
        return f"the supervisor of {directory} has ended, and its services with it"
    return next((state["failed"][service] for service in services if service in state["failed"]), None)


def _await_ready(
    directory: Path, services: Sequence[str], command: Sequence[str], log: Path, env: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    deadline = time.monotonic() + START_SECONDS
    appears_by: float | None = None
    while time.monotonic() < deadline:
        if is_supervised(directory):
            appears_by = None
        elif appears_by is None:
            _start_supervisor(directory, command, log, env)
            appears_by = time.monotonic() + APPEAR_SECONDS
        elif time.monotonic() > appears_by:
            break
        if state := read_state(directory):
            for service in services:
                if service in state["failed"]:
                    raise SandboxError(state["failed"][service])
            if all(service in state["ready"] for service in services):
                return {service: state["ready"][service] for service in services}
        time.sleep(0.05)
    lines = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
    raise SandboxError("\n".join([f"{', '.join(services)} didn't start; see {log}:", *lines]))


def _start_supervisor(directory: Path, command: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
    """Start it as nobody's child: it must outlive us while others use it."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            # initdb takes the sort order from there; it must be the same on every machine.
            env={**os.environ, **env, "LC_ALL": "C.UTF-8"},
            cwd=directory,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def wait_until_gone(directory: Path) -> None:
    """Until the supervisor that has no user left has stopped everything."""
    deadline = time.monotonic() + STOP_SECONDS
    while is_supervised(directory):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the supervisor of {directory} is still there after {STOP_SECONDS:.0f} s")
        time.sleep(0.05)


def is_supervised(directory: Path) -> bool:
    lock = supervisor_lock(directory)
    try:
        return not lock.try_shared()
    finally:
        lock.close()
