"""Login, session, list and doctor against the simulated portal in a real Chromium."""

import asyncio
import json
import os
import stat
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Page

from ov_assets.portal.browser import login
from ov_assets.portal.browser.session import PortalSession, portal_session
from ov_assets.portal.errors import DetailMissing, FilterNotApplied, LayoutChanged, LoginRejected, PortalDown
from ov_assets.portal.examination import examine
from ov_assets.portal.pages.detail import DetailTab
from ov_assets.portal.pages.list import PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.looking import list_window, patient_look
from ov_assets.portal.pages_file import Pages, PagesFileError, read_pages
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Keep, Limits
from ov_assets_tests.portal.tools import (
    COMPANY,
    EMPTY_DAY,
    add_pqrs,
    capture,
    differences,
    faults,
    quick,
    sign_in,
    site_of,
    stats,
    truth,
)

WINDOW_DAYS = int(os.environ.get("OV_TEST_WINDOW_DAYS", "4"))  # 86 for the figure of 3,000 rows
Found = TypeVar("Found")
DAY = Filter(FINALIZADO, EMPTY_DAY, EMPTY_DAY)


def in_session(
    portal: Any,
    work: Callable[[PortalSession], Awaitable[Found]],
    limits: Limits | None = None,
    password: str | None = None,
    pages: Pages | None = None,
) -> Found:
    """limits or password: log in, as they say; without them there is a session already."""

    async def run(limits: Limits) -> Found:
        async with portal_session(
            site_of(portal, password=password, pages=pages), limits, EMPTY_DAY
        ) as session:
            return await work(session)

    if limits or password:
        return asyncio.run(run(limits or quick()))
    with tempfile.TemporaryDirectory() as home:
        sign_in(portal, Path(home))
        return asyncio.run(run(quick(Path(home))))


async def nothing(session: PortalSession) -> int:
    return session.logins


def test_a_wrong_password_is_sent_once_and_after_two_refusals_never_again(
    portal: Any, tmp_path: Path
) -> None:
    limits = quick(tmp_path)
    for sent in (1, 2, 2):
        with pytest.raises(LoginRejected) as refused:
            in_session(portal, nothing, limits, password="not it")
        assert stats(portal)["logins_failed"] == sent
    assert "Change it in the settings, or delete" in str(refused.value)
    guard = tmp_path / "sessions" / f"{COMPANY}.rejected.json"
    assert stat.S_IMODE(guard.stat().st_mode) == 0o600
    assert "not it" not in guard.read_text()
    assert in_session(portal, nothing, limits) == 1  # another password is a fresh start
    assert not guard.exists()


def test_a_refusal_in_unknown_words_is_a_refusal_and_sent_once(portal: Any, tmp_path: Path) -> None:
    """Nobody has seen the true portal refuse; what it must not be taken for is a portal that is down."""
    deaf = read_pages(COMPANY).with_names({"login.errors": ".unheard-of"})
    with pytest.raises(LoginRejected, match="with its login page again"):
        in_session(portal, nothing, quick(tmp_path, answer_timeout_s=4.0), password="not it", pages=deaf)
    assert stats(portal)["logins_failed"] == 1


@pytest.mark.parametrize("names", [{"list.next": "a[["}, {"list.eye": 'a:has-text("Ver")'}])
def test_a_selector_of_an_overlay_that_is_none_is_said_before_the_login(
    portal: Any, tmp_path: Path, names: dict[str, str]
) -> None:
    pages = read_pages(COMPANY).with_names(names)
    with pytest.raises(PagesFileError, match="is no CSS selector"):
        in_session(portal, nothing, quick(tmp_path), pages=pages)
    assert stats(portal)["page_requests"] == 0


def test_a_browser_that_dies_at_the_login_tells_nobody_the_password(
    portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Playwright's own message quotes what was being typed."""
    typed, password = login._type, "".join(["zz", "secret"] * 6)

    async def type_and_die(page: Page, site: Any, selector: str, text: str) -> None:
        if selector == site.pages["login.password"]:
            asyncio.get_running_loop().call_later(0.2, lambda: asyncio.ensure_future(page.close()))
        await typed(page, site, selector, text)

    monkeypatch.setattr(login, "_type", type_and_die)
    with pytest.raises(PortalDown) as failed:
        in_session(portal, nothing, password=password)
    assert password[:8] not in "".join(traceback.format_exception(failed.value))
    assert stats(portal)["logins_failed"] == 0


@pytest.mark.parametrize("key", [None, "a key of any length"])
def test_a_kept_session_saves_the_login_until_it_ends(portal: Any, tmp_path: Path, key: str | None) -> None:
    limits = quick(keep=None)
    limits = replace(quick(tmp_path, tabs=1), keep=Keep(tmp_path, key))
    assert in_session(portal, nothing, limits) == 1
    kept = tmp_path / "sessions" / f"{COMPANY}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert ("cookies" in kept.read_text()) == (key is None)
    assert in_session(portal, nothing, limits) == 0
    faults(portal, expire_now=True)
    assert in_session(portal, nothing, limits) == 1
    kept.write_bytes(b"{ half a fi")
    assert in_session(portal, nothing, limits) == 1
    assert stats(portal)["logins_ok"] == 3
    assert stats(portal)["logins_failed"] == 0


@pytest.mark.parametrize("swallowed", ["md-select", "md-option"])
def test_a_menu_that_misses_a_click_is_not_taken_for_another_page(portal: Any, swallowed: str) -> None:
    """An operator was told that the page had changed: it had only been slow to open its menu."""
    radicados = add_pqrs(portal, 3)
    swallow = """(tag) => {
      const eat = (event) => {
        if (!event.target.closest(tag)) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        document.removeEventListener(event.type, eat, true);
      };
      document.addEventListener("click", eat, true);
    }"""

    async def look(session: PortalSession) -> Any:
        pqr_list = PqrList(session)
        tab = await pqr_list.open()
        await tab.page.evaluate(swallow, swallowed)
        return await pqr_list.look(DAY)

    assert list(in_session(portal, look).rows) == radicados[::-1]


def test_a_menu_without_the_state_is_another_page(portal: Any) -> None:
    async def look(session: PortalSession) -> Any:
        return await PqrList(session).look(Filter("Inexistente", EMPTY_DAY, EMPTY_DAY))

    with pytest.raises(LayoutChanged, match="no option «Inexistente»"):
        in_session(portal, look)


def test_the_list_is_walked_whole_and_a_look_costs_one_turn_a_page(portal: Any) -> None:
    radicados = add_pqrs(portal, 23)

    async def look(session: PortalSession) -> tuple[Any, Any]:
        pqr_list = PqrList(session)
        return await pqr_list.look(DAY), await pqr_list.look(DAY)

    first, second = in_session(portal, look)
    assert list(first.rows) == radicados[::-1]
    assert first.whole and first.agrees_with(second)
    assert (first.total, first.page_turns) == (23, 2)


def test_an_ignored_filter_is_noticed_on_the_first_page(portal: Any) -> None:
    add_pqrs(portal, 3)

    async def look(session: PortalSession) -> None:
        faults(portal, filters_ignored=True)
        with pytest.raises(FilterNotApplied, match=r"leaves \d+ rows"):
            await PqrList(session).look(DAY)
        faults(portal, filters_ignored=None, total_override=True)
        with pytest.raises(FilterNotApplied, match="333529 rows"):
            await PqrList(session).look(DAY)

    in_session(portal, look)
    assert stats(portal)["list_requests"] <= 4


def test_no_record_leaks_into_the_next_one(portal: Any) -> None:
    """A stale page, a missing one, a tab used again: each shows the PQR that was asked for, or none."""
    radicados = add_pqrs(portal, 4)

    async def read(session: PortalSession) -> dict[str, str]:
        rows = (await PqrList(session).look(DAY)).rows
        faults(portal, detail_stale=500, detail_404={"radicado": radicados[2]})
        detail, found = DetailTab(session), {}
        for radicado in radicados:
            row: ListedRow = rows[radicado]
            try:
                await detail.show(row)
                found[radicado] = (await detail.read(row)).pqr.numero_radicado
            except DetailMissing:
                found[radicado] = "missing"
                await detail.close()
        return found

    expected = {radicado: radicado for radicado in radicados} | {radicados[2]: "missing"}
    assert in_session(portal, read) == expected


def test_a_pqr_that_is_opened_again_in_its_tab_shows_what_it_says_now(portal: Any) -> None:
    (radicado,) = add_pqrs(portal, 1)

    async def read_twice(session: PortalSession) -> tuple[str, str]:
        (row,) = (await PqrList(session).look(DAY)).rows.values()
        detail = DetailTab(session)
        await detail.show(row)
        before = (await detail.read(row)).pqr.celular
        change = {"campos": {"celular": "3000000000"}}
        portal.control(COMPANY).patch(f"pqrs/{radicado}", json=change).raise_for_status()
        await detail.show(row)
        return before, (await detail.read(row)).pqr.celular

    before, after = in_session(portal, read_twice)
    assert before != after == "3000000000"


def test_a_claim_number_slower_than_our_patience_is_waited_for_while_its_request_is_open(
    portal: Any, tmp_path: Path
) -> None:
    add_pqrs(portal, 1)
    sign_in(portal, tmp_path)
    faults(portal, sgc={"*": "late"}, latency_ms=1_500)
    capture(portal, tmp_path, quick(tmp_path, late_field_grace_s=0.2))
    assert differences(portal, tmp_path) == (set(), [])


def test_a_lost_label_is_named(portal: Any) -> None:
    add_pqrs(portal, 1)
    faults(portal, layout_changed=["rename_nic"])

    async def read(session: PortalSession) -> None:
        (row,) = (await PqrList(session).look(DAY)).rows.values()
        detail = DetailTab(session)
        await detail.show(row)
        await detail.read(row)

    with pytest.raises(LayoutChanged, match=f"{COMPANY} {EMPTY_DAY}: the detail page has no label for nic"):
        in_session(portal, read)


def test_an_expired_session_in_the_middle_of_a_walk_is_renewed_with_its_filter(portal: Any) -> None:
    radicados = add_pqrs(portal, 35)

    async def look(session: PortalSession) -> Any:
        faults(portal, session_expires_after={"requests": 6, "times": 1})
        return await patient_look(session, PqrList(session), DAY)

    found = in_session(portal, look)
    assert list(found.rows) == radicados[::-1]
    assert found.whole
    assert stats(portal)["logins_ok"] == 2


def test_the_doctor_names_what_changed(portal: Any, tmp_path: Path) -> None:
    today = EMPTY_DAY + timedelta(days=10)
    good = asyncio.run(examine(site_of(portal), quick(tmp_path), today))
    assert {finding.page for finding in good} == {"login", "list", "detail"}
    assert [finding for finding in good if not finding.holds] == []
    faults(portal, layout_changed=["rename_nic", "rename_columns"])
    broken = asyncio.run(examine(site_of(portal), quick(tmp_path), today))
    assert [finding.name for finding in broken if not finding.holds] == [
        "columns.fecha",
        "labels.nic",
    ]
    assert stats(portal)["logins_ok"] == 2  # a kept session would say nothing of the password


def test_a_window_costs_one_login_and_one_walk(portal: Any) -> None:
    report = CaptureReport()
    last = date(2025, 10, 16)
    look = list_window(site_of(portal), last - timedelta(days=WINDOW_DAYS - 1), last, quick(), report)
    assert look.whole
    assert len(look.rows) == look.total > 60
    assert (report.logins, report.looks) == (1, 1)
    walked = [
        len(truth(portal, day=last + timedelta(days=n))) for n in range(-WINDOW_DAYS, 2)
    ]  # a day more at either end
    assert sum(walked[1:-1]) == look.total
    assert report.page_turns == (sum(walked) - 1) // 10
    assert stats(portal)["logins_ok"] == 1
    print(f"{look.total} rows, {report.logins} login, {report.page_turns} turns, {report.seconds:.0f} s")


def test_a_worn_out_browser_is_replaced_within_one_session(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 5)
    report = capture(portal, tmp_path, quick(recycle_after_details=2))
    assert differences(portal, tmp_path) == (set(), [])
    assert report.browsers >= 2
    assert report.logins == stats(portal)["logins_ok"] == 1


PLANTED = {
    "nombres_apellidos": "ZUTANO PEREZGIL AVENDANO",
    "documento_identidad": "1099887711",
    "correo_electronico": "zutano.perezgil@ejemplo.test",
    "telefono": "6055512377",
    "celular": "3009911888",
    "nic": "7788991",
    "lectura": "44917733",
    "cuerpo_reclamacion": "Vivo en la calle Malambo Escondido",
    "comentarios": "Conocida como la senora Filomena",
    "numero_reclamo_sgc": "RE3180202598761",
    "canal_respuesta": "Apartado Quimbaya",
    "tipo_pqr": "Reclamo Chiribiquete",
}


def test_a_failing_capture_leaves_no_personal_value_outside_raw(
    portal: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    radicados = add_pqrs(portal, 3, campos=PLANTED, attachments=1)
    faults(
        portal,
        attachments={radicados[0]: "wrong_magic"},
        detail_404={"radicado": radicados[1]},
        console_error=True,
    )
    report = capture(portal, tmp_path / "data", quick(tmp_path / "home"))
    faults(portal, detail_404=None, attachments=None, layout_changed=["rename_nic"])
    with pytest.raises(LayoutChanged):
        capture(portal, tmp_path / "another", quick(tmp_path / "home"))
    assert {"AttachmentFailed", "DetailMissing"} <= {
        folder.name.split("-", 1)[1] for folder in (tmp_path / "home" / "evidence" / COMPANY).glob("*/*")
    }
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "raw" not in path.parts]
    assert sum(path.name == "screen.jpg" for path in files) >= 2
    assert sum(path.name == "page.html" for path in files) >= 2
    said = [path.read_bytes().decode(errors="replace") for path in files]
    said += [
        caplog.text,
        *capfd.readouterr(),
        repr(report.failures),
        json.dumps(list(map(str, report.evidence))),
    ]
    hits = [value for value in PLANTED.values() for text in said if value.lower() in text.lower()]
    assert len(PLANTED) == 12
    assert hits == []
    html = next(path for path in files if path.name == "page.html").read_text()
    assert "N° Radicado PQR" in html  # captions stay, or it would be no evidence
    assert portal.password(COMPANY) not in "".join(said)
