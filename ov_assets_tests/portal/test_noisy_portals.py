"""Portals that ask for more than they need, fail now and then, or want their controls used otherwise."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ov_assets.portal.browser.learnt import KeptLearnt, Learnt
from ov_assets.portal.site import Keep
from ov_assets.sandbox.portal.api import BASE
from ov_assets_tests.portal.tools import (
    add_pqrs,
    capture,
    differences,
    faults,
    quick,
    sign_in,
    site_of,
    stats,
)

PAGES = 3


def some_pqrs(portal: Any) -> None:
    """Some with a claim number, a comment or a file, some without."""
    add_pqrs(portal, 12, campos={"comentarios": "Se revisó en terreno"}, attachments=0)
    add_pqrs(portal, 3, campos={"comentarios": "", "numero_reclamo_sgc": ""}, attachments=0)
    add_pqrs(portal, 6, attachments=1)


@pytest.mark.parametrize(
    "noise", [["401", "403", "404", "500"], ["foreign_401", "foreign_500", "long_poll"], ["ping"]]
)
def test_what_a_page_asks_for_beside_its_work_stops_nothing(
    portal: Any, tmp_path: Path, noise: list[str]
) -> None:
    some_pqrs(portal)
    sign_in(portal, tmp_path)
    faults(portal, noise=noise)
    report = capture(portal, tmp_path, quick(tmp_path, answer_timeout_s=10.0))
    assert (report.failures, report.page_turns >= 2 * (PAGES - 1)) == ({}, True)
    assert differences(portal, tmp_path) == (set(), [])
    assert stats(portal)["noise_requests"] > 0
    assert report.logins == 0


def test_noise_is_waited_for_in_one_run_only(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 4, campos={"comentarios": "x"}, attachments=1)
    sign_in(portal, tmp_path)
    faults(portal, noise=["long_poll"])
    capture(portal, tmp_path, quick(tmp_path, answer_timeout_s=10.0))
    add_pqrs(portal, 4, campos={"comentarios": "y"}, attachments=1)
    report = capture(portal, tmp_path, quick(tmp_path, answer_timeout_s=110.0))
    assert len(report.fresh) >= 4
    assert report.seconds < 110


def test_a_blank_field_is_not_believed_while_what_may_bring_it_fails(portal: Any, tmp_path: Path) -> None:
    (radicado,) = add_pqrs(portal, 1, campos={"numero_reclamo_sgc": ""})
    sign_in(portal, tmp_path)
    faults(portal, noise=["500"])
    report = capture(portal, tmp_path, quick(tmp_path))
    assert report.failures[radicado].cause == "DetailDoubtful"
    assert "numero_reclamo_sgc" in report.failures[radicado].message


def test_what_was_shown_without_an_answer_isnt_brought_by_it() -> None:
    learnt = Learnt()
    assert learnt.doubtful("/sgc", {"numero_reclamo_sgc"}) == {"numero_reclamo_sgc"}
    learnt.note_page("1", {"numero_reclamo_sgc", "nic"}, {"/banner"}, {"/sgc"})
    assert learnt.doubtful("/banner", {"numero_reclamo_sgc", "lectura"}) == {"lectura"}
    assert learnt.doubtful("/sgc", {"numero_reclamo_sgc"}) == {"numero_reclamo_sgc"}
    for radicado in ("2", "3"):
        learnt.note_page(radicado, {"nic"}, {"/banner"}, set())
    assert learnt.doubtful("/banner", {"numero_reclamo_sgc", "lectura"}) == frozenset()
    learnt.note_page("4", {"nic"}, {"/otra"}, {"/banner"})
    assert learnt.doubtful("/banner", {"lectura"}) == {"lectura"}, "it is answered at times"
    learnt.note_page("4", {"nic"}, set(), {"/banner"})
    assert learnt.doubtful("/banner", {"lectura"}) == {"lectura"}, "once a page"
    for radicado in ("5", "6"):
        learnt.note_page(radicado, {"nic"}, set(), {"/banner"})
    assert learnt.doubtful("/banner", {"lectura"}) == frozenset(), "no page ever showed it"
    learnt.note_page("7", {"lectura"}, set(), {"/banner"})
    assert learnt.doubtful("/banner", {"lectura"}) == {"lectura"}


def test_the_claim_number_and_the_files_are_never_believed_blank_beside_a_failure() -> None:
    learnt = Learnt()
    for radicado in ("1", "2", "3", "4"):
        learnt.note_page(radicado, {"nic"}, set(), {"/claim"})
        learnt.note_page(radicado, {"nic"}, {"/files"}, set())
    blank = {"numero_reclamo_sgc", "adjuntos", "lectura"}
    for kind in ("/claim", "/files"):
        assert learnt.doubtful(kind, blank) == blank - {"lectura"}


def test_what_was_learnt_is_kept_for_its_portal_alone(portal: Any, tmp_path: Path) -> None:
    learnt, site, keep = Learnt(follows_hash=True), site_of(portal), Keep(tmp_path)
    learnt.note_page("1", {"nic"}, {"/banner"}, {"/claim"})
    KeptLearnt(site, keep).save(learnt)
    assert KeptLearnt(site, keep).load() == learnt
    assert KeptLearnt(replace(site, base_url="http://other.example"), keep).load() == Learnt()
    (path,) = keep.sessions.glob("*.learnt.json")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_walk_goes_on_from_the_page_that_failed(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 41, attachments=0)
    sign_in(portal, tmp_path)
    capture(portal, tmp_path, quick(tmp_path))
    quiet = stats(portal)["list_requests"]
    faults(portal, fails_at_random={"percent": 20, "seed": 7, "only": f"{BASE}/Pqr/Get"})
    report = capture(portal, tmp_path, quick(tmp_path))
    assert len(report.listed) == 41
    assert stats(portal)["list_requests"] - quiet < 2 * quiet


def test_a_script_that_does_not_come_is_no_change_of_the_page(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 6, attachments=1)
    sign_in(portal, tmp_path)
    faults(portal, fails_once={"only": "/Portals"})
    report = capture(portal, tmp_path, quick(tmp_path))
    assert report.failures == {}
    assert differences(portal, tmp_path) == (set(), [])


@pytest.mark.parametrize("mode", ["icon", "closed_menu", "bare"])
def test_a_log_in_is_known_by_the_list_not_by_the_menu(portal: Any, tmp_path: Path, mode: str) -> None:
    add_pqrs(portal, 1)
    faults(portal, home=mode, layout_changed=["login_notice"])
    report = capture(portal, tmp_path, quick(tmp_path))
    assert (len(report.fresh), report.logins, stats(portal)["logins_ok"]) == (1, 1, 1)


def test_controls_that_only_a_hand_can_use(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 11, attachments=0)
    add_pqrs(portal, 1, attachments=1)
    sign_in(portal, tmp_path)
    capture(portal, tmp_path, quick(tmp_path))  # what is learnt here holds no longer
    add_pqrs(portal, 1, attachments=1)
    faults(portal, layout_changed=["trusted_clicks", "typed_dates"])
    report = capture(portal, tmp_path, quick(tmp_path, answer_timeout_s=20.0))
    assert len(report.listed) == 13
    assert differences(portal, tmp_path) == (set(), [])
