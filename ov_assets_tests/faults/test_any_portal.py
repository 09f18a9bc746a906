"""Portals that nobody has seen: ways to be one, drawn at random, each held against what it holds.

A capture ends complete, or names each PQR that lacks. What is silent is a failure. OV_TEST_PORTALS says how
many, OV_TEST_PORTALS_SEED which.
"""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ov_assets.portal.report import CaptureReport
from ov_assets.sandbox.portal.faults import ATTACHMENT_MODES, LAYOUTS, NOISES, SGC_MODES
from ov_assets_tests.portal.tools import (
    COMPANY,
    EMPTY_DAY,
    add_pqrs,
    any_fault,
    capture,
    differences,
    faults,
    quick,
    sign_in,
    stats,
    truth,
)

PORTALS = int(os.environ.get("OV_TEST_PORTALS", "40"))
SEED = int(os.environ.get("OV_TEST_PORTALS_SEED", "1"))
# One that has no label for a field stops the day by name; all others are legal.
LEGAL_LAYOUTS = tuple(sorted(set(LAYOUTS) - {"rename_nic"}))
REFUSED_FILES = {"http_500", "http_403", "wrong_magic", "elsewhere"}
LOSING = REFUSED_FILES | {"detail_404", "detail_401", "second_500"}
OTHERS: dict[str, tuple[Any, ...]] = {
    "popup": ("again_after_login",),
    "http_429": ({"requests": 2, "retry_after": 1},),
    "xhr_slow": (300,),
    "list_500": (1, 2),
    "detail_500": ({"requests": 2},),
    "next_ignored": (1,),
    "session_expires_after": ({"requests": 7, "times": 2}, {"requests": 15, "times": 1}),
    "expiry_redirects": (True,),
    "repeated_radicado": (2,),
    "shift_every": ({"pages": 2, "max": 2, "day": EMPTY_DAY.isoformat()},),
    "detail_stale": (500,),
    "console_error": (True,),
    "latency_ms": (40,),
    "exclusive_dates": ("end", "start"),
    "late_comments": ({"after_ms": 50, "ms": 600}, {"after_ms": 600, "ms": 50}),
    "fails_at_random": ({"percent": 3, "seed": 1}, {"percent": 3, "seed": 2}),
    "detail_404": ({"radicado": "first"},),
    "detail_401": ({"radicado": "first"},),
}
WAYS = (
    *(("layout_changed", name) for name in LEGAL_LAYOUTS),
    *(("noise", name) for name in NOISES),
    *(("attachments", name) for name in ATTACHMENT_MODES),
    *(("sgc", name) for name in SGC_MODES),
    *((name, value) for name, values in OTHERS.items() for value in values),
)
SIZES = (2, 2, 2, 11, 21)


def switches_of(ways: list[tuple[str, Any]], radicados: list[str]) -> dict[str, Any]:
    """The ways as one set of switches. Every second PQR has the first way to hand out a file."""
    switches: dict[str, Any] = {}
    for name, value in ways:
        if name in {"layout_changed", "noise"}:
            switches.setdefault(name, []).append(value)
        elif name == "attachments":
            switches.setdefault(name, {"*": value} if value not in REFUSED_FILES else {radicados[0]: value})
        elif name == "sgc":
            switches.setdefault(name, {radicados[-1]: value})
        elif isinstance(value, dict) and value.get("radicado") == "first":
            switches[name] = {"radicado": radicados[0]}
        else:
            switches[name] = value
    return switches


@pytest.mark.timeout(PORTALS * 60)
def test_no_portal_is_captured_wrongly_in_silence(portal: Any, tmp_path_factory: Any) -> None:
    outcomes: Counter[str] = Counter()
    costs: list[tuple[float, str]] = []

    @seed(SEED)
    @settings(
        max_examples=PORTALS,
        deadline=None,
        derandomize="OV_TEST_PORTALS_SEED" not in os.environ,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given],
        report_multiple_bugs=False,
    )
    @given(
        ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=7, unique_by=json.dumps),
        size=st.sampled_from(SIZES),
    )
    def draw(ways: list[tuple[str, Any]], size: int) -> None:
        began = time.monotonic()
        outcome, switches = captured(portal, tmp_path_factory.mktemp("portal"), ways, size)
        assert outcome == "complete" or LOSING & {str(way) for pair in ways for way in pair}, switches
        costs.append((time.monotonic() - began, f"{size} PQR, {switches}"))
        outcomes[outcome] += 1

    draw()
    print(f"\n{outcomes.total()} portals: {dict(outcomes)}")
    for cost, what in sorted(costs, reverse=True)[:3]:
        print(f"{cost:.0f} s: {what}")
    assert outcomes["complete"] + outcomes["named"] == outcomes.total() >= PORTALS


def captured(portal: Any, folder: Path, ways: list[tuple[str, Any]], size: int) -> tuple[str, dict[str, Any]]:
    """Capture from a portal of these ways, hold it against the truth; the outcome, and its switches."""
    portal.reset()
    radicados = add_pqrs(portal, size, attachments=1)
    switches = switches_of(ways, radicados)
    sign_in(portal, folder / "home")
    faults(portal, **switches)
    report = CaptureReport()
    with any_fault() as stopped:
        capture(portal, folder / "data", quick(folder / "home", tabs=4), report=report)
    missing, wrong = differences(portal, folder / "data")
    assert not wrong, f"{size} PQR, {switches}"
    if not stopped:
        assert report.listed.keys() == truth(portal, COMPANY).keys(), f"{size} PQR, {switches}"
    assert missing & report.listed.keys() == report.failures.keys(), f"{size} PQR, {switches}"
    assert stats(portal)["logins_failed"] == 0
    lacking = missing or report.missing_files
    return type(stopped[0]).__name__ if stopped else "named" if lacking else "complete", switches
