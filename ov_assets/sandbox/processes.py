"""End a whole tree of processes, and reap what it leaves."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from ov_assets.sandbox.service import Service


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stop(services: list[Service], patience: float = 6.0) -> None:
    """Ask all of them at once, wait, then insist."""
    for service in services:
        service.ask_to_stop()
    wait_for(lambda: all(service.stopped() for service in services), patience)
    for service in services:
        service.kill()


def end_descendants(patience: float = 3.0) -> None:
    """End everything below this process, however deep; it must have called `leash.adopt_orphans`.

    SIGTERM first: a Dagster run worker uses it to record that its run was interrupted. Then SIGKILL,
    again and again, because a process may start another one while it is being looked at.
    """
    _signal_all(signal.SIGTERM)
    wait_for(lambda: not _alive_after_reaping(), patience)
    for _ in range(50):
        if not _alive_after_reaping():
            return
        _signal_all(signal.SIGKILL)
        time.sleep(0.05)


def reap_orphans(known: set[int]) -> None:
    """Collect adopted processes that have ended, leaving those in `known` to their `Popen`."""
    with suppress(ChildProcessError):  # no child at all
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in known:
                return
            os.waitpid(ended.si_pid, os.WNOHANG)


def end_marked(mark: str, value: str) -> None:
    """Kill what has `mark=value` in its environment: the remains of a supervisor that was killed."""
    ours = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and process.environ().get(mark) == value:
                process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _alive_after_reaping() -> bool:
    reap_orphans(known=set())
    return bool(_living())


def _living() -> list[psutil.Process]:
    living = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
        except psutil.NoSuchProcess:
            continue
    return living


def _signal_all(signum: signal.Signals) -> None:
    for process in _living():
        try:
            process.send_signal(signum)
        except psutil.NoSuchProcess:
            continue
