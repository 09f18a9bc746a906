"""The control API reaches every field and hash, survives a restart, and refuses what makes no sense."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ov_assets.sandbox.portal.fields import KEYS
from ov_assets.sandbox.portal.session import Account
from ov_assets.sandbox.portal.site import Site

from .conftest import ACCOUNTS, DAY, Portal

CONTROL = "/__control__"


def test_health(portal: Portal):
    assert portal.get(f"{CONTROL}/health").json() == {
        "ok": True,
        "company": "afinia",
        "now": "2025-10-30T12:00:00",
    }


def test_truth_is_what_list_detail_and_files_say(portal: Portal):
    truth = portal.truth(estado="Finalizado")
    pages = [portal.list(page, estado="Finalizado").json() for page in range(1, 6)]
    rows = [row for page in pages for row in page["items"]]
    assert pages[0]["total"] == len(truth) >= 26
    assert [row["cd_Radicado"] for row in rows] == [pqr["numero_radicado"] for pqr in truth]
    for pqr in truth[:12]:
        assert tuple(pqr["campos"]) == KEYS
        assert pqr["campos"]["estado_solicitud"] == "Finalizado"
        assert pqr["finalizado_en"]
        item = portal.detail(pqr).json()["item"]
        assert item["ds_Cuerpo"] == pqr["campos"]["cuerpo_reclamacion"]
        assert [file["nm_Archivo"] for file in item["adjuntos"]] == [
            file["nombre"] for file in pqr["adjuntos"]
        ]
        for index, file in enumerate(pqr["adjuntos"]):
            answer = portal.attachment(pqr, index)
            assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
            assert len(answer.content) == file["tamano"]
            assert answer.headers["content-type"] == file["content_type"]
            assert answer.headers["content-disposition"] == f'attachment; filename="{file["nombre"]}"'


def test_truth_of_other_states_and_of_an_empty_day(portal: Portal):
    every = portal.truth("2025-10-29")
    states = {pqr["campos"]["estado_solicitud"] for pqr in every}
    assert states == {"En proceso", "Finalizado"} or states == {"Radicado", "En proceso", "Finalizado"}
    assert all(
        pqr["finalizado_en"] is None for pqr in every if pqr["campos"]["estado_solicitud"] != "Finalizado"
    )
    assert portal.truth("2024-12-25") == []
    assert portal.get(f"{CONTROL}/truth").status_code == 400


def test_an_added_pqr_is_listed_and_has_what_was_asked_for(portal: Portal):
    body = {
        "date": DAY,
        "time": "08:05",
        "campos": {"nic": "000123", "comentarios": " =1 "},
        "attachments": 3,
    }
    added = portal.post(f"{CONTROL}/pqrs", json=body)
    assert added.status_code == 201
    pqr = added.json()
    assert pqr["campos"]["fecha"] == "2025/10/13 08:05"
    assert (pqr["campos"]["nic"], pqr["campos"]["comentarios"]) == ("000123", " =1 ")
    assert pqr["campos"]["estado_solicitud"] == "Finalizado"
    assert len(pqr["adjuntos"]) == 3
    assert pqr in portal.truth()
    assert portal.get(f"{CONTROL}/pqrs/{pqr['numero_radicado']}").json() == pqr


def test_an_edit_changes_fields_state_files_and_date(portal: Portal):
    pqr = portal.truth()[3]
    where = f"{CONTROL}/pqrs/{pqr['numero_radicado']}"
    edited = portal.patch(
        where, json={"campos": {"telefono": "0001"}, "estado": "En proceso", "attachments": 1}
    )
    assert edited.json()["campos"]["telefono"] == "0001"
    assert edited.json()["campos"]["estado_solicitud"] == "En proceso"
    assert edited.json()["finalizado_en"] is None
    assert len(edited.json()["adjuntos"]) == 1
    finished = portal.patch(where, json={"estado": "Finalizado"}).json()
    assert finished["finalizado_en"] == "2025-10-30T12:00:00"
    before = len(portal.truth("2025-10-14"))
    portal.patch(where, json={"campos": {"fecha": "2025/10/14 09:00"}})
    assert pqr["numero_radicado"] not in [row["numero_radicado"] for row in portal.truth()]
    assert len(portal.truth("2025-10-14")) == before + 1


def test_a_deleted_pqr_is_gone(portal: Portal):
    pqr = portal.truth()[0]
    assert portal.delete(f"{CONTROL}/pqrs/{pqr['numero_radicado']}").status_code == 204
    assert pqr not in portal.truth()
    assert portal.detail(pqr).status_code == 404
    assert portal.delete(f"{CONTROL}/pqrs/{pqr['numero_radicado']}").status_code == 404


def test_changes_survive_a_restart_and_a_reset_undoes_them(portal: Portal, tmp_path: Path):
    original = portal.truth()
    portal.post(f"{CONTROL}/pqrs", json={"date": DAY})
    portal.patch(f"{CONTROL}/pqrs/{original[0]['numero_radicado']}", json={"campos": {"nic": "9"}})
    changed = portal.truth()
    again = Portal(Site("afinia", portal.site.world, tmp_path, Account(*ACCOUNTS["afinia"])))
    assert again.truth() == changed != original
    again.faults(edge_block=True)
    again.post(f"{CONTROL}/reset")
    assert again.get(f"{CONTROL}/faults").json()["edge_block"] is None
    assert again.get(f"{CONTROL}/clock").json()["stopped"] is False
    assert again.truth() == original


def test_the_clock_stops_runs_and_understands_an_offset(portal: Portal):
    stopped = portal.put(f"{CONTROL}/clock", json={"now": "2025-10-13T15:00:00+00:00"}).json()
    assert stopped == {"now": "2025-10-13T10:00:00", "stopped": True}
    assert all(pqr["campos"]["fecha"] <= "2025/10/13 10:00" for pqr in portal.truth())
    assert portal.put(f"{CONTROL}/clock", json={"now": None}).json()["stopped"] is False


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "pqrs", {}),
        ("POST", "pqrs", {"date": "2031-01-01"}),
        ("POST", "pqrs", {"date": DAY, "fields": {}}),
        ("POST", "pqrs", {"date": DAY, "campos": {"numero_radicado": "1"}}),
        ("POST", "pqrs", {"date": DAY, "estado": "Cerrado"}),
        ("PUT", "clock", {"now": "ayer"}),
        ("PUT", "faults", {"no_such_switch": True}),
        ("PUT", "faults", {"popup": "maybe"}),
        ("PUT", "faults", {"xhr_slow": {"seconds": 1}}),
        ("PUT", "faults", {"layout_changed": ["all"]}),
        ("PUT", "faults", {"attachments": {"*": "lost"}}),
    ],
)
def test_nonsense_is_refused(portal: Portal, verb: str, path: str, body: dict):
    answer = portal.request(verb, f"{CONTROL}/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_merge_and_go_away(portal: Portal):
    portal.faults(xhr_slow=20, layout_changed=["extra_label"])
    merged = portal.faults(empty_result=True, popup={"mode": "late"})
    assert merged["xhr_slow"] == {"ms": 20}
    assert merged["layout_changed"] == {"which": ["extra_label"]}
    assert merged["empty_result"] == {}
    assert merged["popup"] == {"mode": "late", "ms": 6000}
    assert portal.faults(xhr_slow=None)["xhr_slow"] is None
    assert set(portal.delete(f"{CONTROL}/faults").json().values()) == {None}


def test_stats_count_what_was_asked_for(portal: Portal):
    portal.delete(f"{CONTROL}/stats")
    pqr = next(pqr for pqr in portal.truth() if pqr["adjuntos"])
    portal.login()
    portal.login(password="wrong")
    portal.list()
    portal.detail(pqr)
    portal.detail(pqr)
    portal.attachment(pqr)
    stats = portal.get(f"{CONTROL}/stats").json()
    assert stats == {
        "logins_ok": 1,
        "logins_failed": 1,
        "page_requests": 4,
        "list_requests": 1,
        "noise_requests": 0,
        "detail_requests": {pqr["numero_radicado"]: 2},
        "attachment_requests": {pqr["numero_radicado"]: 1},
    }
