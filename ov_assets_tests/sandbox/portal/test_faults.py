"""Each fault has the effect that its switch promises, seen from outside."""

from __future__ import annotations

import time

import pytest

from ov_assets.sandbox.portal.api import BASE
from ov_assets.sandbox.portal.app import DNN_ID, DNN_NAME, LIST_PATH
from ov_assets.sandbox.portal.session import seal

from .conftest import ACCOUNTS, DAY, Portal


def test_without_a_session_pages_redirect_and_xhr_are_denied(portal: Portal):
    portal.cookies.clear()
    answer = portal.get(LIST_PATH)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/Login?returnurl=%2FListado-Radicaci")
    assert portal.list().status_code == 401


def test_the_login_returns_to_where_one_wanted_to_go_and_never_elsewhere(portal: Portal):
    for wanted, target in (
        ("%2FListado-X", "/Listado-X"),
        ("%2F%2Fevil.example", "/"),
        ("http%3A%2F%2Fevil", "/"),
    ):
        page = portal.get(f"/Login?returnurl={wanted}").text
        nonce = page.split('name="__OVNonce" value="')[1].split('"')[0]
        data = {"__OVNonce": nonce, f"{DNN_NAME}hidCredenciales": seal(nonce, *ACCOUNTS["afinia"])}
        assert portal.post(f"/Login?returnurl={wanted}", data=data).headers["location"] == target
        again = portal.post("/Login", data=data)
        assert again.status_code == 200, "a nonce is good for one login"


def test_a_plain_post_of_the_form_is_turned_away(portal: Portal):
    username, password = ACCOUNTS["afinia"]
    plain = portal.post(
        "/Login", data={f"{DNN_NAME}txtUsername": username, f"{DNN_NAME}txtPassword": password}
    )
    assert plain.status_code == 200
    assert "dnnFormMessage" in plain.text
    assert "Usuario o contraseña incorrectos" in portal.login(password="wrong").text


@pytest.mark.parametrize("portal", ["afinia", "aire"], indirect=True)
def test_popup(portal: Portal):
    def shown(page: str) -> bool:
        return 'id="myModal"' in portal.get(page).text

    assert shown("/Login") is (portal.site.company == "afinia")
    assert not shown("/")
    portal.faults(popup="off")
    assert not shown("/Login")
    portal.faults(popup={"mode": "late", "ms": 4321})
    assert 'data-ms="4321"' in portal.get("/Login").text
    portal.faults(popup="again_after_login")
    assert shown("/Login")
    assert shown("/")


def test_otp(portal: Portal):
    portal.faults(otp={"code": "A1B2C"})
    assert portal.login().headers["location"].startswith("/Login?")
    assert portal.list().status_code == 401, "the password alone opens nothing"
    page = portal.get("/Login").text
    assert f'id="{DNN_ID}txtOtpCode"' in page
    assert f'id="{DNN_ID}cmdVerifyOtp"' in page
    assert "Verificar" in page
    assert portal.post("/Login", data={f"{DNN_NAME}txtOtpCode": "000000"}).status_code == 200
    assert portal.post("/Login", data={f"{DNN_NAME}txtOtpCode": "A1B2C"}).status_code == 302
    assert portal.list().status_code == 200


def test_edge_maintenance_and_rate_limit(portal: Portal):
    portal.faults(edge_block=True)
    blocked = portal.get("/Login")
    assert blocked.status_code == 403
    assert "The request is blocked." in blocked.text
    portal.faults(edge_block=False, portal_down=True)
    assert portal.list().status_code == 503
    portal.faults(portal_down=None, http_429={"requests": 2, "retry_after": 7})
    answers = [portal.list() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"


def test_slowness(portal: Portal):
    def seconds(call) -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    portal.list()
    portal.faults(xhr_slow=150)
    assert seconds(portal.list) >= 0.15 > seconds(lambda: portal.get("/"))
    portal.faults(xhr_slow=None, latency_ms=150)
    assert seconds(lambda: portal.get("/")) >= 0.15


def test_failing_xhr_count_down(portal: Portal):
    pqr, other = portal.truth()[:2]
    portal.faults(list_500=2, detail_500={"radicado": pqr["numero_radicado"], "requests": 1})
    assert [portal.list().status_code for _ in range(3)] == [500, 500, 200]
    assert portal.detail(other).status_code == 200
    assert [portal.detail(pqr).status_code for _ in range(2)] == [500, 200]
    portal.faults(detail_404={"radicado": pqr["numero_radicado"]}, detail_500={"requests": None})
    assert [portal.detail(other).status_code for _ in range(3)] == [500] * 3
    portal.faults(detail_500=None)
    assert (portal.detail(pqr).status_code, portal.detail(other).status_code) == (404, 200)


def test_empty_result_and_ignored_filters(portal: Portal):
    filtered = portal.list(estado="Finalizado").json()["total"]
    portal.faults(empty_result=True)
    assert portal.list().json() == {"items": [], "total": 0, "nm_Ignorar": 0}
    portal.faults(empty_result=None, filters_ignored=True)
    ignored = portal.list(estado="Finalizado").json()
    assert ignored["total"] > 1000 * filtered / 40
    assert any(row["dt_Registro"][:10] != "2025/10/13" for row in ignored["items"])


@pytest.mark.parametrize("total", [10, 11, 333529])
@pytest.mark.parametrize("day", [DAY, None])
def test_total_override_claims_and_serves_so_many_rows(portal: Portal, total: int, day: str | None):
    portal.faults(total_override=total)
    last = (total + 9) // 10
    answer = portal.list(last, day).json()
    assert answer["total"] == total
    assert len(answer["items"]) == (total - 1) % 10 + 1
    row = answer["items"][-1]
    assert portal.detail({"id": row["cd_Pqr"]}).json()["item"]["cd_Radicado"] == row["cd_Radicado"]
    assert day is None or row["dt_Registro"].startswith("2025/10/13")


def test_next_ignored_is_handed_to_the_page_once(portal: Portal):
    portal.faults(next_ignored=2)
    assert [portal.list().json()["nm_Ignorar"] for _ in range(2)] == [2, 0]


def test_sessions_expire(portal: Portal):
    portal.login()
    portal.faults(session_expires_after={"requests": 2, "times": 1})
    assert [portal.list().status_code for _ in range(4)] == [200, 200, 401, 401]
    portal.login()
    assert [portal.list().status_code for _ in range(4)] == [200] * 4
    assert portal.faults(expire_now=True)["expire_now"] is None
    assert portal.list().status_code == 401


@pytest.mark.parametrize("mode", ["blank", "late", "numeric", "duplicated"])
def test_sgc_modes(portal: Portal, mode: str):
    pqr, other = portal.truth()[:2]
    radicado = pqr["numero_radicado"]
    portal.faults(sgc={radicado: mode} if mode != "duplicated" else mode)
    shown = {row["numero_radicado"]: row["campos"]["numero_reclamo_sgc"] for row in portal.truth()}
    item = portal.detail(pqr).json()["item"]
    if mode == "blank":
        assert shown[radicado] == item["cd_ReclamoSgc"] == ""
    elif mode == "late":
        assert item["cd_ReclamoSgc"] is None
        started = time.perf_counter()
        late = portal.get(f"{BASE}/Pqr/Sgc", params={"id": pqr["id"]}).json()
        assert time.perf_counter() - started > 1
        assert late["cd_ReclamoSgc"] == shown[radicado] != ""
    elif mode == "numeric":
        assert shown[radicado].isdigit()
        assert len(shown[radicado]) == 8
    else:
        assert shown[radicado] == shown[other["numero_radicado"]]


def test_attachment_modes(portal: Portal):
    pqr = next(pqr for pqr in portal.truth() if len(pqr["adjuntos"]) == 1)
    radicado = pqr["numero_radicado"]

    def mode_of(mode: str):
        portal.faults(attachments={radicado: mode})
        return portal.attachment(pqr)

    assert mode_of("http_500").status_code == 500
    assert mode_of("zero_bytes").content == b""
    assert mode_of("wrong_magic").content.startswith(b"<html>")
    for mode in ("new_tab", "inline_viewer"):
        assert mode_of(mode).headers["content-disposition"].startswith("inline")
        assert portal.detail(pqr).json()["item"]["adjuntos"][0]["ind_Modo"] == mode
    assert mode_of("none").status_code == 404
    for mode, count in (("none", 0), ("two", 2)):
        portal.faults(attachments={radicado: mode})
        shown = next(row for row in portal.truth() if row["numero_radicado"] == radicado)
        assert len(shown["adjuntos"]) == count
        assert shown["campos"]["documento_prueba"].count("\n") == max(0, count - 1)
    portal.faults(attachments=None)
    assert portal.attachment(pqr).status_code == 200


def radicados(portal: Portal) -> list[str]:
    """Walk the pages as a browser would."""
    found, page = [], 1
    while True:
        answer = portal.list(page, estado="Finalizado").json()
        found += [row["cd_Radicado"] for row in answer["items"]]
        if page * 10 >= answer["total"]:
            return found
        page += 1


def test_a_row_repeated_on_the_next_page_loses_nothing(portal: Portal):
    expected = radicados(portal)
    portal.faults(repeated_radicado=True)
    found = radicados(portal)
    assert found[9] == found[10]
    assert list(dict.fromkeys(found)) == expected
    assert len(found) == len(expected) + 1


def test_rows_shift_while_paging(portal: Portal):
    before = radicados(portal)
    portal.faults(shift_every={"pages": 2, "max": 1})
    found = radicados(portal)
    assert found[9] == found[10], "the new row pushed the last one of page 1 onto page 2"
    new = {pqr["numero_radicado"] for pqr in portal.truth(estado="Finalizado")} - set(before)
    assert len(new) == 1
    assert not new & set(found), "it came up on a page already walked"
    assert radicados(portal)[0] in new


def test_layout_changes(portal: Portal):
    def page(*which: str) -> str:
        portal.faults(layout_changed=[*which])
        return portal.get(LIST_PATH).text

    assert '<td class="text-td-label">NIC</td>' not in page("rename_nic")
    assert 'aria-label="Buscar"' not in page("no_buscar_label")
    assert ">Solicitante</th>" in page("rename_columns")
    swapped = page("swap_columns")
    assert swapped.index(">Fecha</th>") < swapped.index(">N° Radicado</th>")
    first = page("actions_first")
    assert first.index("md-actions") < first.index("pqr.cd_Radicado")
    assert '<td class="text-td-label">Barrio</td>' in page("extra_label")
    portal.faults(layout_changed=None)
    assert 'aria-label="Buscar"' in portal.get(LIST_PATH).text


def test_stale_detail_and_console_error(portal: Portal):
    first, second = portal.truth()[:2]
    portal.faults(detail_stale=900, console_error=True)
    portal.detail(first)
    stale = portal.detail(second).json()
    assert stale["previous"]["cd_Radicado"] == first["numero_radicado"]
    assert stale["ms_Previous"] == 900
    assert "gateway.bundle.js" in portal.get("/Login").text
