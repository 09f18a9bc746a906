"""A portal is recorded, served again from the file, and captured: the same, with every value another one."""

import asyncio
import base64
import html
import json
import re
import subprocess
import sys
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import httpx
import pytest
from click.testing import CliRunner

from ov_assets.cli.portal import portal as group
from ov_assets.companies import COMPANIES
from ov_assets.portal.capture import capture_day
from ov_assets.portal.pages.file_bytes import check_bytes
from ov_assets.portal.pages_file import read_pages
from ov_assets.portal.recording.document import Page, Recording, read
from ov_assets.portal.recording.mask import WORD, Masker, fold
from ov_assets.portal.recording.masked import masked
from ov_assets.portal.recording.record import visit
from ov_assets.portal.recording.words import VOCABULARY
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.site import Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS, normalise
from ov_assets.sandbox.replay.serve import serving
from ov_assets.timezone import BOGOTA
from ov_assets_tests.portal.tools import COMPANY, EMPTY_DAY, add_pqrs, faults, quick, site_of, stats, truth

TRAILING_S = 0.5
RECORDINGS = Path(__file__).parent / "recordings"


def recorded(portal: Any, company: str, out: Path, pqrs: int = 12) -> tuple[Recording, Masker]:
    """What `ov portal record` writes, and what masked it."""
    site = site_of(portal, company)
    seen = asyncio.run(visit(site, quick(), EMPTY_DAY, pqrs, TRAILING_S))
    recording, masker = masked(seen, site, EMPTY_DAY)
    recording.write(out)
    return read(out), masker


def captured(recording: Recording, data_dir: Path) -> tuple[CaptureReport, CaptureStore]:
    """What a capture of a replay leaves."""
    store = CaptureStore(data_dir, recording.company, recording.day)
    pages = read_pages(recording.company)
    with serving(recording, pages) as url:
        site = Site(COMPANIES[recording.company], url, "anybody", "anything", pages)
        report = capture_day(site, recording.day, store, quick(), now=lambda: datetime.now(BOGOTA))
    return report, store


def fake(masker: Masker, name: str, value: str) -> str:
    return normalise(value if name == "estado_solicitud" else masker.text(value))


def files_of(store: CaptureStore, radicado: str) -> dict[str, bytes]:
    manifest = store.manifests()[radicado]
    files = [file for file in manifest.archivos if file.clase is Clase.ADJUNTO]
    return {file.nombre: store.path_of(manifest, file).read_bytes() for file in files}


@pytest.mark.parametrize(
    ("company", "switches"),
    [
        ("afinia", {"sgc": {"*": "late"}}),
        (
            "aire",
            {
                "layout_changed": ["actions_first", "swap_columns", "extra_label"],
                "attachments": "inline_viewer",
                "late_comments": {"after_ms": 50, "ms": 500},
            },
        ),
    ],
)
def test_a_capture_of_the_replay_is_that_of_the_portal_with_other_values(
    portal: Any, tmp_path: Path, company: str, switches: dict[str, Any]
) -> None:
    add_pqrs(portal, 8, company, attachments=0)
    add_pqrs(portal, 2, company, attachments=1, campos={"comentarios": "Se revisó"})
    add_pqrs(portal, 1, company, attachments=2)
    faults(portal, company, **switches)
    recording, masker = recorded(portal, company, tmp_path / "recording.json.gz")
    expected = truth(portal, company)
    assert sum(bool(detail.late) for detail in recording.details) >= 2, "what comes late was seen to"
    report, store = captured(recording, tmp_path)
    assert report.failures == {}
    manifests = store.manifests()
    assert set(manifests) == {masker.text(radicado) for radicado in expected}
    for radicado, pqr in expected.items():
        shown = masker.text(radicado)
        record = store.read_pqr(manifests[shown])
        assert record.business_fields() == {name: fake(masker, name, pqr["campos"][name]) for name in FIELDS}
        files = files_of(store, shown)
        assert {name: len(data) for name, data in files.items()} == {
            masker.text(file["nombre"]): file["tamano"] for file in pqr["adjuntos"]
        }
        for file in pqr["adjuntos"]:
            name = masker.text(file["nombre"])
            assert check_bytes(files[name], name, 10**9) is None


def shown_in(page: Page) -> str:
    """The text of a page and of its controls, blanks apart."""
    text = html.unescape(re.sub(r'<[^>]*? value="([^"]*)"[^>]*>|<[^>]*>', r"\1", "".join(page.body)))
    return re.sub(r"\s", "", unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.json*")), ids=lambda path: path.name)
def test_a_recording_is_captured_as_it_says(tmp_path: Path, path: Path) -> None:
    """Put a file of `ov portal record` into the folder, and the capture is held against that portal."""
    recording = read(path)
    report, store = captured(recording, tmp_path)
    broken = [detail for detail in recording.details if any(file.failed for file in detail.files)]
    assert (len(report.fresh), len(report.failures)) == (len(recording.details) - len(broken), len(broken))
    pages = {shown_in(detail.page): detail for detail in recording.details}
    for radicado, manifest in store.manifests().items():
        (text,) = (text for text in pages if radicado in text)
        for value in store.read_pqr(manifest).business_fields().values():
            assert re.sub(r"\s", "", value) in text
        assert {name: len(data) for name, data in files_of(store, radicado).items()} == {
            file.name: file.size_bytes for file in pages[text].files
        }


def test_the_command_writes_a_file_and_serves_it(
    portal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pqrs(portal, 2, attachments=1)
    monkeypatch.setenv("OV_HOME", str(tmp_path))
    for company in COMPANIES:
        for name in ("url", "username", "password"):
            monkeypatch.setenv(f"OV_{company.upper()}_{name.upper()}", getattr(portal, name)(company))
    out = tmp_path / "sent.json.gz"
    command = ["record", "--company", COMPANY, "--date", str(EMPTY_DAY), "--pqrs", "1", "--out", str(out)]
    told = CliRunner().invoke(group, command)
    assert (told.exit_code, "1 PQR, 1 files" in told.output) == (0, True), told.output
    asked = stats(portal)
    assert (asked["logins_ok"], asked["list_requests"]) == (1, 2)
    assert list(asked["detail_requests"].values()) == list(asked["attachment_requests"].values()) == [1]
    ov = Path(sys.executable).with_name("ov")
    with subprocess.Popen([ov, "portal", "replay", str(out)], stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            url = re.search(r"OV_AIRE_URL=(\S+)", served.stdout.readline())
            assert url
            with httpx.Client(base_url=url[1], trust_env=False, timeout=30) as client:
                assert "Oficina Virtual" in client.get("/login").text
        finally:
            served.kill()
    refused = CliRunner().invoke(group, ["replay", __file__])
    assert (refused.exit_code, "is no recording of a portal" in refused.output) == (1, True)


def test_a_portal_that_cannot_be_walked_is_recorded_as_far_as_it_goes(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 1)
    faults(portal, layout_changed=["rename_nic"])
    recording, _ = recorded(portal, COMPANY, tmp_path / "recording.json")
    assert recording.stopped == "LayoutChanged"
    assert [page.step for page in recording.lists] == ["list", "search"]
    assert any("Número de cuenta" in line for page in recording.at_stop for line in page.body)


# Nobody is called so, lives there, or has these numbers.
IN_FIELDS = (
    *("ZORAIDA PEÑARANDA YÁÑEZ", "Edilberto Ñustes d'Costa", 'JOSÉ;TORRENEGRA, "EL MONO"'),
    *("1047385926", "900847362-5", "0038475610"),
    *("6054738291", "+57 300 8472615", "RE3180202547386"),
    *("zoraida.penaranda@correo-ejemplo.test", "e_nustes+pqr@ejemplo.test", "cedula_zoraida_penaranda.pdf"),
    "Carrera 47 # 83-26, apto 1204, barrio Los Almendros",
    "Mz. 18 Lote 27 Urbanización Villa Ñame",
    "Mi suegra Eufemia quedó sin nevera el domingo & nadie contesta <b>nunca</b>",
)
FIELDS_PLANTED = (
    *("nombres_apellidos", "documento_identidad", "celular", "correo_electronico", "cuerpo_reclamacion"),
)
IN_THE_PAGE = (
    "HERMENEGILDO OLIVEROS",
    "Ñandú Güete",
    "Dayana de la Hoz Ariza",
    "72839465",
    "AB394857",
    "3008472916",
    "605 3847 192",
    "hermenegildo@ejemplo.test",
    "d.delahoz_92@ejemplo.test",
    "gerencia@ferreteria-elpuno.test",
    "Diagonal 61B Nº 19-84",
    "Finca La Esperanza, km 7 vía Turbaco",
    "Pido que no le digan a mi esposo Wilmer que debo tres meses",
    "foto medidor HERMENEGILDO.jpg",
    "Yulián Ibáñez Núñez",
)


def disguises(text: str) -> set[str]:
    """The forms in which a text may stand in a file: quoted for HTML, JSON or an address, as Base64."""
    forms = {text, unicodedata.normalize("NFD", text), text.replace(" ", "_"), text.replace(" ", "-")}
    for form in list(forms):
        data = form.encode()
        # Base64 of a text inside another one begins at one of three places, and its ends differ.
        coded = (base64.b64encode(b"x" * shift + data).decode().rstrip("=") for shift in range(3))
        inner = {text[shift + 1 : -2] for shift, text in enumerate(coded)}
        forms |= inner | {form.translate(str.maketrans("+/", "-_")) for form in inner} | {data.hex()}
        forms |= {quote(form), quote_plus(form), html.escape(form), json.dumps(form)[1:-1]}
    return forms


def words_of(text: str) -> set[str]:
    """What of a text gives somebody away by itself."""
    return {word for word in map(fold, WORD.findall(text)) if len(word) > 4} - VOCABULARY


def test_no_planted_value_is_in_a_recording(portal: Any, tmp_path: Path) -> None:
    for number in range(3):
        campos = dict(zip(FIELDS_PLANTED, IN_FIELDS[number::3], strict=True))
        add_pqrs(portal, 1, campos=campos, attachments=1)
    faults(portal, planted=[*IN_FIELDS, *IN_THE_PAGE], console_error=True)
    path = tmp_path / "recording.json"
    site = site_of(portal)
    recorded(portal, COMPANY, path)
    text = path.read_text(encoding="utf-8")
    unescaped = text.encode().decode("unicode_escape", "ignore")
    shown = "\n".join((text, unquote_plus(text), html.unescape(text), unescaped))
    haystack, plain, digits = fold(shown), shown.casefold(), re.sub(r"\D", "", text)
    assert "planted" in text, "the pages with the values were recorded"
    for value in (*IN_FIELDS, *IN_THE_PAGE, site.username, site.password):
        for form in disguises(value):
            assert form.casefold() not in plain, value
            assert fold(form) not in haystack, value
        number = re.sub(r"\D", "", value)
        assert len(number) < 7 or number not in digits, value
        found = words_of(value) & set(map(fold, WORD.findall(shown)))
        assert not found, value
    assert path.stat().st_size < 1_000_000
    for forbidden in ("__VIEWSTATE", "__OVNonce", ".DOTNETNUKE", "<script", "<!--"):
        assert forbidden not in text
