"""What a portal renames or shows late takes nothing away, and the doctor proposes nothing that would."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ov_assets.portal.capture import capture_day
from ov_assets.portal.contract import Finding
from ov_assets.portal.examination import examine
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.timezone import BOGOTA
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
    site_of,
    truth,
)

RENAMED_LINK = {"link-archivo": "enlace-adjunto", "descargarAdjunto": "bajarArchivo"}
LATE_NEXT = {
    "self.hasNext = function () { return": "self.hasNext = function () { return window.MAS &&",
    "return self.hasNext() ?": "return self.page * self.limit < Number(self.total) ?",
}
SHOWN = "$scope.total = response.data.total;"
BY_TIMER = "window.setTimeout(function () { window.MAS = true; $scope.$apply(); }, 500);"
BY_REQUEST = (
    '$http.get(settings.api + "/Pqr/Comentarios", { params: { id: $scope.pqrs[0].cd_Pqr } })'
    ".finally(function () { window.MAS = true; });"
)


def read_again(portal: Any, folder: Path) -> CaptureReport:
    """Capture, and read again what stands."""
    return capture_day(
        site_of(portal),
        EMPTY_DAY,
        CaptureStore(folder / "data", COMPANY, EMPTY_DAY),
        quick(folder / "home"),
        now=lambda: datetime.now(BOGOTA),
        again=lambda _: True,
    )


def files_on_disk(folder: Path) -> list[str]:
    store = CaptureStore(folder / "data", COMPANY, EMPTY_DAY)
    files = (file for manifest in store.manifests().values() for file in manifest.archivos)
    return sorted(file.hash_archivo for file in files if file.clase is Clase.ADJUNTO)


def test_a_link_or_a_label_with_another_name_takes_nothing_from_what_is_captured(
    portal: Any, tmp_path: Path
) -> None:
    add_pqrs(portal, 2, attachments=2, campos={"comentarios": "Se revisó."})
    sign_in(portal, tmp_path / "home")
    assert len(read_again(portal, tmp_path).fresh) == 2
    before = files_on_disk(tmp_path)
    assert len(before) == 4
    for words in (RENAMED_LINK, {">Comentarios<": ">Observaciones<"}):
        faults(portal, renamed={"words": words})
        with any_fault() as stopped:
            read_again(portal, tmp_path)
        assert [type(fault).__name__ for fault in stopped] == ["LayoutChanged"]
        assert files_on_disk(tmp_path) == before
        assert differences(portal, tmp_path / "data") == (set(), [])


def test_a_first_capture_without_a_known_link_is_kept_and_says_which_file_lacks(
    portal: Any, tmp_path: Path
) -> None:
    [radicado] = add_pqrs(portal, 1, attachments=2)
    sign_in(portal, tmp_path / "home")
    faults(portal, renamed={"words": RENAMED_LINK})
    assert read_again(portal, tmp_path).missing_files == 2
    manifest = CaptureStore(tmp_path / "data", COMPANY, EMPTY_DAY).manifests()[radicado]
    named = [file["nombre"] for file in truth(portal)[radicado]["adjuntos"]]
    assert [file.nombre for file in manifest.adjuntos_faltantes] == named
    assert set(read_again(portal, tmp_path).reread) == {radicado}
    faults(portal, renamed=None)
    assert read_again(portal, tmp_path).fresh == [radicado]
    assert differences(portal, tmp_path / "data") == (set(), [])


@pytest.mark.parametrize("late", [BY_TIMER, BY_REQUEST], ids=["timer", "request"])
def test_without_a_total_a_page_is_the_last_only_if_next_stays_off(
    portal: Any, tmp_path: Path, late: str
) -> None:
    add_pqrs(portal, 12)
    sign_in(portal, tmp_path / "home")
    words = LATE_NEXT | {SHOWN: f"{SHOWN} window.MAS = false; {late}"}
    faults(portal, layout_changed=["no_total"], renamed={"words": words}, latency_ms=300)
    capture(portal, tmp_path / "data", quick(tmp_path / "home"))
    assert differences(portal, tmp_path / "data") == (set(), [])


def test_several_files_of_one_name_are_never_taken_for_one_another(portal: Any, tmp_path: Path) -> None:
    [radicado] = add_pqrs(portal, 1, attachments=2)
    sign_in(portal, tmp_path / "home")
    words = {'ng-bind="archivo.nm_Archivo"></div>': ">Ver archivo</div>"}
    both = sorted(file["sha256"] for file in truth(portal)[radicado]["adjuntos"])
    faults(portal, renamed={"words": words}, attachments={"*": "second_500"})
    assert read_again(portal, tmp_path).missing_files == 1
    assert len(files_on_disk(tmp_path)) == 1
    read_again(portal, tmp_path)
    assert len(files_on_disk(tmp_path)) == 1
    faults(portal, attachments=None)
    read_again(portal, tmp_path)
    assert files_on_disk(tmp_path) == both
    faults(portal, attachments={"*": "second_500"})
    portal.control(COMPANY).patch(f"pqrs/{radicado}", json={"campos": {"comentarios": "Nuevo."}})
    assert set(read_again(portal, tmp_path).unread) == {radicado}
    assert files_on_disk(tmp_path) == both


def test_the_doctor_proposes_no_single_file_no_other_state_and_no_other_button(
    portal: Any, tmp_path: Path
) -> None:
    add_pqrs(portal, 2, attachments=1)
    click, title = 'ng-click="descargarAdjunto(archivo)"', 'title="{{archivo.nm_Archivo}}"'
    words = {"link-archivo": "enlace", click: title}
    found = examined(portal, tmp_path, words | {"Finalizado": "Solucionado", "N° Radicado<": "Consecutivo<"})
    assert not found["filter.finalizado"].holds
    assert "Solucionado" in found["filter.finalizado"].found
    assert found["filter.finalizado"].line == ""

    search = '<md-button type="button" class="md-raised md-primary" ng-click="Search()"'
    harmful = '<md-button type="button" ng-click="Anular()">Anular marcadas</md-button>'
    words |= {search: f'{harmful}<md-button type="button" ng-click="Ir()"', 'aria-label="Buscar"': ""}
    found = examined(portal, tmp_path, words | {">Buscar<": ">Ir<"})
    assert not found["filter.search"].holds
    assert "Anular" not in str(found)
    assert ".pdf" not in str(found)


def examined(portal: Any, home: Path, words: dict[str, str]) -> dict[str, Finding]:
    faults(portal, renamed={"words": words})
    found = asyncio.run(examine(site_of(portal), quick(home), EMPTY_DAY + timedelta(days=10)))
    return {finding.name: finding for finding in found}
