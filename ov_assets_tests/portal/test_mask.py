"""What a recording keeps of a text: its shape, and nothing that tells whose it was."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_assets.companies import COMPANIES
from ov_assets.portal.pages_file import read_pages
from ov_assets.portal.recording.mask import WORD, Masker, fold
from ov_assets.portal.recording.masked import code_of
from ov_assets.portal.recording.places import Places
from ov_assets.portal.site import Site

KEY = b"k" * 32
SITE = Site(COMPANIES["aire"], "https://portal.example", "user", "password", read_pages("aire"))
CODE = code_of(SITE.pages)
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
UUID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"


def places(*values: str) -> Places:
    return Places(Masker(KEY), SITE.base_url, SITE.owns, {fold(value) for value in values}, CODE)


def kind(char: str) -> str:
    if char.isnumeric():
        return "digit"
    return "upper" if char.isupper() else "letter" if char.isalpha() else char


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_fake_has_the_shape_of_what_it_stands_for(text: str) -> None:
    fake = Masker(KEY).text(text)
    assert [kind(char) for char in fake] == [kind(char) for char in text]
    assert fake == Masker(KEY).text(text)


@given(st.from_regex(r"[A-Za-zÁÉÍÓÚÑáéíóúñ]{3,30}|[1-9][0-9]{3,20}", fullmatch=True))
def test_no_character_of_a_word_stays(word: str) -> None:
    assert all(a != b for a, b in zip(word, Masker(KEY).text(word), strict=True))
    assert (
        Masker(KEY).text(f"«{word}», {word}.pdf")
        == f"«{Masker(KEY).text(word)}», {Masker(KEY).text(word)}.pdf"
    )


@given(st.lists(st.from_regex(r"[1-9][0-9]{5,12}", fullmatch=True), unique=True, max_size=30))
def test_no_two_ids_become_one(ids: list[str]) -> None:
    masker = Masker(KEY, avoid=frozenset(ids))
    fakes = {masker.text(one) for one in ids}
    assert len(fakes) == len(ids)
    assert not fakes & set(ids)


@given(DAYS, st.sampled_from(("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%Y/%m/%d 23:59", "%Y-%m-%dT00:00:00")))
def test_dates_stay_dates_and_their_distance_stays(day: date, shape: str) -> None:
    masker = Masker(KEY)
    after = day + timedelta(days=1)
    here, there = masker.text(day.strftime(shape)), masker.text(after.strftime(shape))
    shape_of_day = re.sub(r"[ T].*", "", shape)
    assert here.startswith(masker.day(day).strftime(shape_of_day))
    assert there.startswith((masker.day(day) + timedelta(days=1)).strftime(shape_of_day))
    assert masker.day(day).weekday() == day.weekday()
    assert masker.day(day) < day


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("2025/10/08 14:30", r"\d{4}/\d\d/\d\d 14:[0-5]\d"),
        ("2025/13/45", r"\d{4}/\d\d/\d\d"),
        (f"{UUID}.pdf", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.pdf"),
        ("0071234", r"00[1-9]\d{4}"),
        ("RE3180202500417", r"[A-Z]{2}\d{13}"),
        ("cédula de juan.DOCX", r"\w{6} \w\w \w{4}\.DOCX"),
    ],
)
def test_what_has_a_form_keeps_it(text: str, shape: str) -> None:
    fake = Masker(KEY).text(text)
    assert re.fullmatch(shape, fake)
    assert fake != text


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("N° Radicado PQR", True),
        ("1 - 10 de 333529", True),
        ("No se encontraron registros", True),
        ("YYYY-MM-DD", True),
        ("Bienvenida, Zoraida Peñaranda", False),
        ("Calle 45 # 23-10", False),
    ],
)
def test_of_a_caption_the_words_of_portals_stay(text: str, stays: bool) -> None:
    assert (places().caption(text) == text) is stays


def test_a_value_stays_only_if_it_is_a_state() -> None:
    assert places().value("Finalizado") == "Finalizado"
    assert not set(WORD.findall(places().value("El estado del reclamo: Finalizado"))) & {
        "estado",
        "Finalizado",
    }


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        (
            "/DesktopModules/Gateway.Pqr/API/Pqr/Get?pageIndex=1",
            r"/DesktopModules/Gateway\.Pqr/API/Pqr/Get\?pageIndex=\d",
        ),
        ("https://portal.example/API/Detail/77120045?x=", r"/API/Detail/\d{8}\?x="),
        (
            "/api?fechaInicial=2025-10-07&estado=Finalizado",
            r"/api\?fechaInicial=\d{4}-\d\d-\d\d&estado=Finalizado",
        ),
        ("/Listado-Radicaci%C3%B3n-PQR#/Detail/3f2a", r"/Listado-Radicaci%C3%B3n-PQR#/Detail/\d[a-z]\d[a-z]"),
        ("https://evil.example/juan?cedula=123", r"https://[a-z]{4}\.[a-z]{7}/|https://evil\.example/"),
        ("javascript:ver('Juan')", "javascript:"),
        ("data:text/plain,Juan", "data:"),
        ("mailto:juan@example.com", "mailto:"),
    ],
)
def test_an_address_keeps_its_pattern(address: str, shape: str) -> None:
    assert re.fullmatch(shape, places().address(address))


@pytest.mark.parametrize(
    "address", ["/files/juan_perez.pdf", "/x/Juan-P%C3%A9rez", "/x/anVhbiBwZXJleg", "/x/JuanPerez"]
)
def test_a_person_in_an_address_does_not_stay(address: str) -> None:
    shown = places("Juan", "Pérez").address(address).lower()
    assert not re.search("juan|perez|p%c3%a9rez|anvhbibwzxjleg", shown)


def test_an_unknown_word_in_the_path_of_one_pqr_may_be_a_person() -> None:
    of_one = Places(Masker(KEY), SITE.base_url, SITE.owns, set(), CODE, {"dayana"})
    assert "Dayana" not in of_one.address("/Clientes/Dayana/Get")
    assert of_one.address("/Clientes/Dayana/Get").startswith("/Clientes/")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("descargarAdjunto(archivo)", "descargarAdjunto(archivo)"),
        ("md-select-value ng-binding col-6", "md-select-value ng-binding col-6"),
        ("Search()", "Search()"),
    ],
)
def test_names_in_the_code_stay(code: str, shown: str) -> None:
    assert places("archivo", "value").code(code) == shown.replace("value", places("value").code("value"))


@pytest.mark.parametrize("code", ["ver('Zoraida')", 'init={n: "Zoraida"}', "fila-zoraida", "filaZoraida"])
def test_a_person_in_the_code_does_not_stay(code: str) -> None:
    assert "zoraida" not in places("Zoraida").code(code).lower()


def test_an_answer_keeps_its_keys_and_types() -> None:
    answer: dict[str, Any] = {
        "items": [{"cd_Nic": 7000123, "ds_Nombres": "ANA", "ind": True, "x": None, "amt": -1.5e-7, "n": 0}],
        "77120045": "",
    }
    shown = places().json(answer)
    (row,) = shown["items"]
    assert list(row) == list(answer["items"][0])
    assert [type(value) for value in row.values()] == [type(value) for value in answer["items"][0].values()]
    assert len(str(row["cd_Nic"])) == 7 and row["cd_Nic"] != 7000123
    assert "77120045" not in shown
