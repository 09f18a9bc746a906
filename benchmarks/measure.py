"""Measuring on a machine that others use too: rounds in turn, medians, ratios, CPU time beside the clock.

Each measurement is a child process of its own, so that nobody's memory or warm cache is another's. The child
measures its own work; the servers' CPU is read from outside, before and after.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from ov_assets.sandbox import running
from ov_assets.settings import Settings

ONE = "--one"


@dataclass(frozen=True)
class Sample:
    """One measurement.

    amount: rows or objects. wall, client, server: seconds by the clock and of CPU. rss_mb: peak memory.
    """

    name: str
    amount: int
    wall: float
    client: float
    server: float
    rss_mb: float
    notes: dict[str, Any]


@contextmanager
def parts(groups: Sequence[str]) -> Iterator[Path]:
    """The sandbox's parts in a temporary OV_HOME, named in `os.environ`; yields the home."""
    with tempfile.TemporaryDirectory(prefix="ov-bench-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL runs as another user where we are root
        with running(Settings(ov_home=home), groups) as variables:
            os.environ.update(variables)
            yield home
        time.sleep(1.5)  # the servers end on their own when nobody uses them


def server_cpu(home: Path) -> float:
    """CPU seconds that the servers of `home` have used so far, those of ended children included."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if str(home) in " ".join(process.cmdline()) and ONE not in process.cmdline():
                found |= {child.pid: child for child in [process, *process.children(recursive=True)]}
        except psutil.Error:
            continue
    found.pop(os.getpid(), None)
    total = 0.0
    for process in found.values():
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def child(script: str, name: str, home: Path, **given: Any) -> Sample:
    """Run one contestant as `script --one name`."""
    before = server_cpu(home)
    command = [sys.executable, script, ONE, json.dumps({"name": name} | given, default=str)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Sample(name=name, server=server_cpu(home) - before, **told)


def measured(work: Callable[[], int], notes: dict[str, Any] | None = None) -> None:
    """In the child: do the work, which returns its amount, and print what it took."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    amount = work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    helped = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = sum(
        getattr(end, part) - getattr(start, part)
        for start, end in ((before, after), (helpers, helped))
        for part in ("ru_utime", "ru_stime")
    )
    figures = {"amount": amount, "wall": wall, "client": client, "rss_mb": peak_mb(), "notes": notes or {}}
    print(json.dumps(figures))


def peak_mb() -> float:
    """Peak memory of this process alone: getrusage's figure begins with that of the parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def report(samples: Sequence[Sample], unit: str, base: str) -> None:
    """A line per contestant: medians per unit, and how its rates stand to those of `base`.

    By the clock, and by CPU: units for each second of CPU, client's and servers' together.
    """
    names = list(dict.fromkeys(sample.name for sample in samples))
    print(
        f"\n{'':20} {unit:>9} {unit + '/s':>11} {'client µs':>10} {'server µs':>10} {'MB':>6}"
        f" {'clock ÷':>9} {'CPU ÷':>7}   ({base} = 1; µs of CPU per {unit[:-1]})"
    )
    for name in names:
        mine = [sample for sample in samples if sample.name == name]
        print(
            f"{name:20} {mine[0].amount:>9,} {rate(samples, name):>11,.0f}"
            f" {median(s.client / s.amount for s in mine) * 1e6:>10.1f}"
            f" {median(s.server / s.amount for s in mine) * 1e6:>10.1f}"
            f" {max(s.rss_mb for s in mine):>6.0f}"
            f" {rate(samples, name) / rate(samples, base):>9.2f}"
            f" {cpu_rate(samples, name) / cpu_rate(samples, base):>7.2f}"
        )


def rate(samples: Sequence[Sample], name: str) -> float:
    """Units a second by the clock, median of the rounds."""
    return median(s.amount / s.wall for s in samples if s.name == name)


def cpu_rate(samples: Sequence[Sample], name: str) -> float:
    """Units a second of CPU, median of the rounds."""
    return median(s.amount / max(s.client + s.server, 1e-3) for s in samples if s.name == name)


def goal(text: str, *, by_clock: float, by_cpu: float, least: float) -> None:
    """A goal beside what was measured; of a loaded machine the CPU ratio is the one to believe."""
    met = "met " if max(by_clock, by_cpu) >= least else "MISS"
    print(f"{met} {text}: goal {least}, by the clock {by_clock:.2f}, by CPU {by_cpu:.2f}")
