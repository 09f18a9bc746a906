"""How fast and how cheaply PQRs are captured, beside others: python benchmarks/capture.py [--quick].

Needs the extra `bench`. One day of PQRs with an attachment each on the simulated portal of Air-e. Every
contestant logs in, sets the filter, walks the list and keeps 18 fields, a PDF and the attachment of each PQR.
Ours walks the list until two walks agree, and checks and registers every file; all of it is in its figures.
"Kept" is ours with the session of an earlier run, as every run but the first of a day has it in production.
CPU is that of Python, Playwright's driver and every process of the browser together; the portal's is apart.
"""

import argparse
import asyncio
import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import requests
from measure import ONE, Sample, child, measured, parts

from ov_assets.portal.capture import capture_day
from ov_assets.portal.pages.looking import list_window
from ov_assets.portal.site import Keep, Limits, Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.resources import Portals
from ov_assets.sandbox.environment import PORTALS
from ov_assets.timezone import BOGOTA

COMPANY, DAY = "aire", date(2025, 12, 25)
LATENCIES_MS, TABS = (0, 300), (1, 4, 8)
OURS = ("ours", "kept")
PR_SET_CHILD_SUBREAPER = 36
PREDECESSOR_PQRS = 6  # at 7.5 s of sleep each


def site() -> Site:
    return Portals().site(COMPANY)


def control(path: str, method: str = "get", **given: Any) -> Any:
    answer = requests.request(method, f"{site().base_url}/__control__/{path}", timeout=30, **given)
    answer.raise_for_status()
    return answer.json()


@contextmanager
def orphans_counted() -> Iterator[None]:
    """Be the parent of what the browser leaves behind, so that its CPU is counted here when it ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    with suppress(ChildProcessError):
        while True:
            os.wait()


def one(argument: str) -> None:
    """In the child: one contestant."""
    given, notes = json.loads(argument), {}
    folder = Path(given["folder"])

    def work() -> int:
        with orphans_counted():
            if given["name"] in OURS:
                keep = Keep(folder.parent / "kept") if given["name"] == "kept" else None
                store, limits = (
                    CaptureStore(folder, COMPANY, DAY),
                    Limits.of(site().pages, tabs=given["tabs"], keep=keep),
                )
                report = capture_day(site(), DAY, store, limits, now=lambda: datetime.now(BOGOTA))
                assert report.logins == (0 if keep else 1)
                return len(report.fresh)
            from capture_peers import Job, crawlee, predecessor  # it is heavy, and no part of ours

            job = Job(site(), DAY, given["count"], folder, given["tabs"])
            if given["name"] == "Crawlee":
                return asyncio.run(crawlee(job, folder.with_suffix(".crawlee")))
            amount, notes["details_s"] = asyncio.run(predecessor(job, given["only"]))
            return amount

    measured(work, notes)


def requests_per_pqr(count: int) -> float:
    """Requests of a detail that wait for one another: its data, then its attachment."""
    stats = control("stats")
    return sum(sum(stats[kind].values()) for kind in ("detail_requests", "attachment_requests")) / count


def cell(samples: list[Sample], latency: int, tabs: int, name: str) -> list[Sample]:
    return [s for s in samples if (s.notes["latency"], s.notes["tabs"], s.name) == (latency, tabs, name)]


def rate(samples: list[Sample]) -> float:
    return median(s.amount / s.notes.get("details_s", s.wall) for s in samples)


def cpu_ms(samples: list[Sample]) -> float:
    return median(s.client / s.amount for s in samples) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 PQRs, one round")
    parser.add_argument("--pqrs", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    count, rounds = (20, 1) if given.quick else (given.pqrs, given.rounds)
    samples: list[Sample] = []
    each = 0.0
    with parts([PORTALS]) as home, tempfile.TemporaryDirectory() as work:
        for index in range(count):
            when = {"date": DAY.isoformat(), "time": f"{8 + index // 60:02d}:{index % 60:02d}"}
            control("pqrs", "post", json=when | {"attachments": 1})
        list_window(
            site(), DAY, DAY, Limits.of(site().pages, keep=Keep(Path(work) / "kept"))
        )  # leaves its session
        cells = [(latency, t, name) for latency in LATENCIES_MS for t in TABS for name in (*OURS, "Crawlee")]
        cells += [(latency, 1, "predecessor") for latency in LATENCIES_MS]
        for number in range(rounds):
            for latency, tabs, name in cells:
                # A claim number that comes late would be waited for by ours alone.
                control("faults", "put", json={"latency_ms": latency or None, "sgc": {"*": "numeric"}})
                control("stats", "delete")
                folder = Path(work) / f"{number}-{latency}-{tabs}-{name}"
                folder.mkdir()
                told = {"tabs": tabs, "latency": latency}
                only = min(PREDECESSOR_PQRS, count)
                sample = child(__file__, name, home, folder=folder, count=count, only=only, **told)
                if sample.amount != (only if name == "predecessor" else count):
                    sys.exit(f"{name}: {sample.amount} of {count} PQR")
                sample.notes.update(told)
                samples.append(sample)
                if name in OURS:
                    each = requests_per_pqr(count)
            print(f"round {number + 1} done", file=sys.stderr)
    show(samples, count, each)


def show(samples: list[Sample], count: int, each: float) -> None:
    print(f"{count} PQR, {os.cpu_count()} cores; CPU ms of the client, and of the portal, per PQR")
    print(f"{'latency':>7} {'tabs':>4} {'':12} {'PQR/s':>7} {'CPU ms':>7} {'portal':>7} {'s in all':>8}")
    for latency, tabs, name in dict.fromkeys((s.notes["latency"], s.notes["tabs"], s.name) for s in samples):
        mine = cell(samples, latency, tabs, name)
        portal_ms = median(s.server / s.amount for s in mine) * 1000
        wall = median(s.wall for s in mine)
        print(
            f"{latency:>7} {tabs:>4} {name:12} {rate(mine):>7.2f} {cpu_ms(mine):>7.0f} {portal_ms:>7.0f}"
            f" {wall:>8.1f}"
        )
    slow = LATENCIES_MS[-1]
    for name in OURS:
        ours = {tabs: cell(samples, slow, tabs, name) for tabs in TABS}
        gain = rate(ours[8]) / rate(ours[1])
        verdict(gain >= 3.5, f"{name}, 8 tabs ÷ 1 tab at {slow} ms: {gain:.2f}, goal 3.5")
        for tabs, mine in ours.items():
            against_bound(mine, f"{name}, {tabs} tabs at {slow} ms", count * each * slow / 1000 / tabs)
    for tabs in TABS:
        ratio = cpu_ms(cell(samples, 0, tabs, "ours")) / cpu_ms(cell(samples, 0, tabs, "Crawlee"))
        verdict(ratio <= 0.55, f"CPU ÷ Crawlee's, {tabs} tabs: {ratio:.2f}, goal at most 0.55")
    for latency in LATENCIES_MS:
        best = max(rate(cell(samples, latency, tabs, "ours")) for tabs in TABS)
        times = best / rate(cell(samples, latency, 1, "predecessor"))
        verdict(times >= 20, f"best ÷ predecessor at {latency} ms: {times:.1f}, goal 20")


def against_bound(samples: list[Sample], what: str, waiting_s: float) -> None:
    """waiting_s: the requests of all details one after another in each tab; the CPU may need longer."""
    floor_s = median(s.client + s.server for s in samples) / (os.cpu_count() or 1)
    wall_s, bound_s = median(s.wall for s in samples), max(waiting_s, floor_s)
    verdict(
        wall_s <= 1.5 * bound_s,
        f"{what}: {wall_s:.1f} s, {wall_s / bound_s:.2f} × the bound of {bound_s:.1f} s, goal 1.5"
        f" (waiting {waiting_s:.1f} s, CPU floor {floor_s:.1f} s)",
    )


def verdict(met: bool, text: str) -> None:
    print(f"{'met ' if met else 'MISS'} {text}")


if __name__ == "__main__":
    one(sys.argv[2]) if sys.argv[1:2] == [ONE] else main()
