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
    signal_tree(os.getpid(), signal.SIGTERM, itself=False)
    wait_for(lambda: not _alive_after_reaping(), patience)
    for _ in range(50):
        if not _alive_after_reaping():
            return
        signal_tree(os.getpid(), signal.SIGKILL, itself=False)
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


def signal_tree(pid: int, signum: signal.Signals, *, itself: bool = True) -> None:
    """Send `signum` to all that descends from `pid`, the deepest first."""
    for process in reversed(_living_below(pid)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signum)
    if itself:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)


def _living_below(pid: int) -> list[psutil.Process]:
    living = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    living.append(process)
    return living


def _alive_after_reaping() -> bool:
    reap_orphans(known=set())
    return bool(_living_below(os.getpid()))
