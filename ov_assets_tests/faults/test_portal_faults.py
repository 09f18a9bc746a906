"""Every fault switch of the simulated portal, alone, against whole captures (together: test_any_portal).

What must hold of each: the end state is complete and equal to the truth, or each missing radicado is named
with the right cause. Nothing is silent.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import CaptureStore
from ov_assets.sandbox.portal.faults import ATTACHMENT_MODES, SGC_MODES, SWITCHES
from ov_assets_tests.faults.test_any_portal import WAYS
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

FEW, TWO_PAGES = 4, 11
# OV_TEST_SHIFTING_PQRS=200 is the figure in the docs.
SHIFTING_PQRS = int(os.environ.get("OV_TEST_SHIFTING_PQRS", "31"))


@dataclass(frozen=True)
class Case:
    """A switch, the causes that may be named for what is missing, and the fault that stops it all, if any."""

    switch: str
    value: Any = True
    causes: frozenset[str] = frozenset()
    stops: str | None = None
    company: str = COMPANY
    pqrs: int = FEW

    def __str__(self) -> str:
        words = self.value.values() if isinstance(self.value, dict) else [self.value]
        return "-".join([self.switch, *(str(word) for word in words if word is not True)])


def case(switch: str, value: Any = True, *causes: str, **rest: Any) -> Case:
    return Case(switch, value, frozenset(causes), **rest)


# What passes and isn't about the log-in is drawn in test_any_portal; a hang costs a time-out.
HARMLESS = [
    case("popup", "late", company="afinia"),
    case("popup", "again_after_login", company="afinia"),
    case("dropped_keystrokes"),
    case("http_429", {"requests": 2, "retry_after": 1}),
    case("xhr_hang", {"target": "list"}),
    case("xhr_hang", {"target": "detail", "requests": 2}),
]
LOSING = [
    case("detail_404", True, "DetailMissing"),
    case("detail_401", True, "DetailMissing"),
    case("detail_500", {"requests": None}, "DetailMissing", "PortalDown", stops="PortalDown"),
    case("layout_changed", ["rename_nic"], "LayoutChanged", stops="LayoutChanged"),
]
STOPPING = [
    case("otp", True, stops="OtpRequired"),
    case("edge_block", True, stops="AccessBlocked"),
    case("portal_down", True, stops="PortalDown"),
    case("empty_result", True, stops="PortalDown"),
    case("total_override", True, stops="FilterNotApplied"),
    case("filters_ignored", True, stops="FilterNotApplied"),
]
# These stand in the way of the log-in. All others begin with a session that an earlier run has kept.
AT_LOGIN = {"popup", "dropped_keystrokes", "otp", "edge_block", "portal_down", "http_429"}


def begin(portal: Any, folder: Path, *cases: Case) -> None:
    """Keep a session where none of the faults is about the log-in, and switch the faults on."""
    company = cases[0].company
    switches = {case.switch: case.value for case in cases}
    if not switches.keys() & AT_LOGIN:
        sign_in(portal, folder / "home", company)
    faults(portal, company, **switches)


def end_state(portal: Any, folder: Path, company: str) -> tuple[CaptureReport, str | None, set[str]]:
    """Capture, and hold whatever came out against the truth."""
    report = CaptureReport()
    limits = quick(folder / "home", answer_timeout_s=5.0, portal_failures_max=3)
    with any_fault() as stopped:
        capture(portal, folder / "data", limits, company, report=report)
    missing, wrong = differences(portal, folder / "data", company)
    assert not wrong
    kind = type(stopped[0]).__name__ if stopped else None
    if kind is None:
        assert missing == report.failures.keys() <= report.listed.keys()
    else:
        assert missing & report.listed.keys() == report.failures.keys()
    return report, kind, missing


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_a_passing_fault_ends_complete(portal: Any, tmp_path: Path, case: Case) -> None:
    add_pqrs(portal, case.pqrs, case.company, attachments=1)
    begin(portal, tmp_path, case)
    report, stopped, missing = end_state(portal, tmp_path, case.company)
    assert (stopped, missing) == (None, set())
    assert len(report.listed) == len(truth(portal, case.company)) >= case.pqrs
    assert stats(portal, case.company)["logins_failed"] == 0


def test_expire_now_in_the_middle_ends_complete(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 8)
    switched = []

    def expire(done: int, total: int) -> None:
        if done == 3:
            switched.append(faults(portal, expire_now=True))

    report = capture(portal, tmp_path, on_progress=expire)
    assert switched
    assert differences(portal, tmp_path) == (set(), [])
    assert report.logins == stats(portal)["logins_ok"] == 2


def test_every_sgc_mode_is_captured_as_shown(portal: Any, tmp_path: Path) -> None:
    radicados = add_pqrs(portal, len(SGC_MODES))
    sign_in(portal, tmp_path / "home")
    faults(portal, sgc=dict(zip(radicados, SGC_MODES, strict=True)))
    assert end_state(portal, tmp_path, COMPANY)[1:] == (None, set())


def test_every_attachment_mode_is_captured_or_named(portal: Any, tmp_path: Path) -> None:
    radicados = add_pqrs(portal, len(ATTACHMENT_MODES), attachments=1)
    modes = dict(zip(radicados, ATTACHMENT_MODES, strict=True))
    sign_in(portal, tmp_path / "home")
    faults(portal, attachments=modes)
    report, stopped, missing = end_state(portal, tmp_path, COMPANY)
    assert (stopped, missing, report.failures) == (None, set(), {})
    manifests = CaptureStore(tmp_path / "data", COMPANY, EMPTY_DAY).manifests()
    lacking = {
        modes[radicado]: [(file.posicion, file.causa) for file in manifest.adjuntos_faltantes]
        for radicado, manifest in manifests.items()
        if manifest.adjuntos_faltantes
    }
    assert lacking == {
        "http_500": [(1, "HTTP 500")],
        "http_403": [(1, "HTTP 403")],
        "wrong_magic": [(1, "not a .jpg file, nor any other that is known")],
        "elsewhere": [(1, "it lies at localhost, which isn't the portal")],
    }


@pytest.mark.parametrize("mode", ["download", "new_tab", "inline_viewer", "fetched_blob"])
def test_each_of_several_attachments_has_its_own_bytes(portal: Any, tmp_path: Path, mode: str) -> None:
    """A viewer that turns into a download comes after the answer that it belongs to."""
    add_pqrs(portal, FEW, attachments=3)
    sign_in(portal, tmp_path / "home")
    faults(portal, attachments={"*": mode})
    assert end_state(portal, tmp_path, COMPANY)[1:] == (None, set())


@pytest.mark.parametrize("case", LOSING, ids=str)
def test_each_pqr_that_is_lost_is_named_with_its_cause(portal: Any, tmp_path: Path, case: Case) -> None:
    add_pqrs(portal, FEW)
    begin(portal, tmp_path, case)
    report, stopped, missing = end_state(portal, tmp_path, COMPANY)
    assert stopped == case.stops
    assert missing == report.failures.keys() == truth(portal).keys()
    assert {failure.cause for failure in report.failures.values()} <= case.causes
    faults(portal, **{case.switch: None})
    assert end_state(portal, tmp_path, COMPANY)[1:] == (None, set())


@pytest.mark.parametrize("case", STOPPING, ids=str)
def test_a_fault_of_the_whole_portal_stops_by_name(portal: Any, tmp_path: Path, case: Case) -> None:
    add_pqrs(portal, 3)
    begin(portal, tmp_path, case)
    report, stopped, _ = end_state(portal, tmp_path, COMPANY)
    assert stopped == case.stops
    assert not report.listed
    assert stats(portal)["list_requests"] < 12


def test_one_lost_pqr_stops_no_other(portal: Any, tmp_path: Path) -> None:
    radicados = add_pqrs(portal, 6, attachments=1)
    sign_in(portal, tmp_path / "home")
    faults(
        portal,
        detail_404={"radicado": radicados[1]},
        detail_500={"requests": None, "radicado": radicados[2]},
        attachments={radicados[4]: "wrong_magic"},
    )
    report, stopped, missing = end_state(portal, tmp_path, COMPANY)
    assert stopped is None
    assert missing == {radicados[1], radicados[2]}
    assert report.missing_files == 1
    assert {report.failures[radicados[n]].cause for n in (1, 2)} == {"DetailMissing"}


@pytest.mark.timeout(900)
def test_rows_that_shift_while_the_list_is_walked_are_all_captured(portal: Any, tmp_path: Path) -> None:
    """A new PQR on every second page of the first walk pushes each later row towards the next page."""
    add_pqrs(portal, SHIFTING_PQRS, attachments=0)
    sign_in(portal, tmp_path)
    faults(portal, shift_every={"pages": 2, "max": SHIFTING_PQRS // 20 + 1, "day": EMPTY_DAY.isoformat()})
    report = capture(portal, tmp_path, quick(tmp_path))
    assert differences(portal, tmp_path) == (set(), [])
    assert len(report.listed) == SHIFTING_PQRS + SHIFTING_PQRS // 20 + 1
    assert report.looks >= 3
    print(f"listed {len(report.listed)}, looks {report.looks}, page turns {report.page_turns}")


def test_a_portal_that_dies_in_the_middle_stops_the_capture(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 20)
    sign_in(portal, tmp_path)
    report = CaptureReport()

    def die(done: int, total: int) -> None:
        if done == 4:
            faults(portal, portal_down=True)

    with any_fault() as stopped:
        capture(portal, tmp_path, quick(tmp_path, portal_failures_max=3), report=report, on_progress=die)
    missing, wrong = differences(portal, tmp_path)
    assert type(stopped[0]).__name__ == "PortalDown"
    assert not wrong
    assert missing == report.failures.keys()
    assert len(missing) >= 14
    assert {failure.cause for failure in report.failures.values()} <= {"PortalDown", "DetailMissing"}


def test_an_empty_day_is_no_fault(portal: Any, tmp_path: Path) -> None:
    sign_in(portal, tmp_path / "home")
    report, stopped, missing = end_state(portal, tmp_path, COMPANY)
    assert (report.listed, stopped, missing) == ({}, None, set())


def test_every_switch_is_tried() -> None:
    tried = {item.switch for item in [*HARMLESS, *LOSING, *STOPPING]}
    drawn = {name for name, _ in WAYS} - {"attachments", "sgc"}
    elsewhere = {"expire_now", "login_slow", "fails_once", "home", "renamed", "planted"}
    assert tried | drawn | elsewhere == set(SWITCHES)
