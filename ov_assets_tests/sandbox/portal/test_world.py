"""The world is the same every time, and holds every awkward thing that it promises."""

from __future__ import annotations

import io
import time
import unicodedata
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from ov_assets.sandbox.portal.attachments import Files, attachments_of, make_file
from ov_assets.sandbox.portal.book import Book, Query
from ov_assets.sandbox.portal.fields import KEYS, FieldMaker, nit
from ov_assets.sandbox.portal.overlay import Overlay
from ov_assets.sandbox.portal.world import FINALIZADO, FIRST_DAY, World, is_empty_day

MONTH = [date(2025, 3, 1) + timedelta(days=offset) for offset in range(60)]


def book(world: World, tmp_path: Path, now: str, company: str = "afinia") -> Book:
    overlay = Overlay(world, company, tmp_path / "overlay.json")
    overlay.changes.clock = now
    return Book(world, company, overlay)


def stubs_of(world: World, company: str = "afinia"):
    return [stub for day in MONTH for stub in world.pqrs(company, day)]


def test_the_same_seed_makes_the_same_world_and_another_seed_another():
    first, again, other = World(3), World(3), World(4)
    day = MONTH[0]
    assert first.pqrs("aire", day) == again.pqrs("aire", day) != other.pqrs("aire", day)
    stub = first.pqrs("aire", day)[5]
    assert FieldMaker(first).of(stub) == FieldMaker(again).of(stub)
    files = [attachments_of(first, stub, 3), attachments_of(again, stub, 3)]
    assert files[0] == files[1]
    assert [Files(first).sha256(file) for file in files[0]] == [
        Files(again).sha256(file) for file in files[1]
    ]


def test_what_was_asked_before_makes_no_difference(world: World):
    fresh = World(7)
    assert fresh.pqrs("afinia", MONTH[9]) == world.pqrs("afinia", MONTH[9])


@pytest.mark.parametrize("company", ["afinia", "aire"])
def test_every_day_has_its_number_of_pqrs_and_enough_of_them_get_finished(world: World, company: str):
    for offset in range(800):
        day = FIRST_DAY + timedelta(days=offset)
        stubs = world.pqrs(company, day)
        if is_empty_day(day):
            assert stubs == ()
        else:
            assert 28 <= len(stubs) <= 44
            assert sum(stub.finished_at is not None for stub in stubs) >= 26
            assert all(stub.fecha.date() == day for stub in stubs)


def test_a_total_needs_no_pqrs_to_be_made():
    fresh = World(7)
    sizes = [fresh.size("aire", day) for day in MONTH]
    assert sizes == [len(fresh.pqrs("aire", day)) for day in MONTH]
    assert sizes == [fresh.size("aire", day) for day in MONTH]


def test_holidays_are_empty(world: World):
    assert not world.pqrs("afinia", date(2024, 12, 25))
    assert not world.pqrs("aire", date(2025, 1, 1))
    assert not world.pqrs("aire", date(2025, 4, 18))


def test_radicados_are_unique_digits_and_some_begin_with_zero(world: World):
    radicados = [stub.numero_radicado for stub in stubs_of(world)]
    assert len(set(radicados)) == len(radicados)
    assert all(radicado.isdigit() for radicado in radicados)
    assert 0.01 < sum(radicado.startswith("0") for radicado in radicados) / len(radicados) < 0.2


def test_id_and_radicado_lead_back_to_the_key(world: World):
    for stub in stubs_of(world)[::50]:
        assert world.key_of_id("afinia", world.pqr_id("afinia", stub.key)) == stub.key
        assert world.key_of_radicado(stub.numero_radicado) == stub.key
    assert world.key_of_id("aire", world.pqr_id("afinia", 1)) is None
    assert world.key_of_id("afinia", "no-such-id") is None


def test_a_share_is_finished_days_later_and_a_few_never(world: World):
    stubs = stubs_of(world)
    waits = [(stub.finished_at - stub.fecha).days for stub in stubs if stub.finished_at]
    assert max(waits) == 11 or max(waits) == 12
    assert sum(wait >= 2 for wait in waits) > len(waits) / 5
    assert 0 < sum(stub.finished_at is None for stub in stubs) < len(stubs) / 10


def test_time_moves_a_pqr_forward(world: World, tmp_path: Path):
    stub = next(stub for stub in stubs_of(world) if stub.finished_at)
    instants = [stub.fecha, stub.started_at, stub.finished_at]
    states = [
        book(world, tmp_path, now.isoformat()).full(stub).campos["estado_solicitud"] for now in instants
    ]
    assert states[0] == "Radicado"
    assert states[2] == "Finalizado"


def test_todays_pqrs_exist_once_their_hour_has_come(world: World, tmp_path: Path):
    query = Query(None, MONTH[3], MONTH[3])
    counts = [book(world, tmp_path, f"{MONTH[3]}T{hour}:00").count(query) for hour in ("00", "12", "23")]
    assert counts[0] < 3 < counts[1] < counts[2]
    assert book(world, tmp_path, f"{MONTH[2]}T23:00").count(query) == 0


def test_fields_hold_the_variety_that_real_ones_have(world: World):
    contents = [FieldMaker(world).of(stub).campos for stub in stubs_of(world)]
    assert set(contents[0]) == set(KEYS) - {"estado_solicitud", "documento_prueba"}

    def some(key: str, test) -> bool:
        return any(test(campos[key]) for campos in contents)

    names = [campos["nombres_apellidos"] for campos in contents]
    assert any(unicodedata.is_normalized("NFD", name) and not name.isascii() for name in names)
    assert any(unicodedata.is_normalized("NFC", name) and not name.isascii() for name in names)
    assert some("nombres_apellidos", lambda name: name != name.strip())
    assert some("nombres_apellidos", lambda name: name in {"NULL", "NaN", "None"})
    assert some("nic", lambda nic: nic.startswith("00"))
    assert some("documento_identidad", lambda document: document[:2].isalpha() and document[2:].isdigit())
    assert some("documento_identidad", lambda document: document[-2:-1] == "-")
    for key in ("documento_identidad", "telefono", "celular", "correo_electronico", "comentarios", "lectura"):
        assert some(key, lambda value: value == ""), key
    assert sum(campos["lectura"] == "" for campos in contents) > len(contents) * 0.7
    assert some("telefono", lambda phone: phone.startswith("+57"))
    assert all(
        campos["correo_electronico"].partition("@")[2] in {"", "example.com", "example.org"}
        for campos in contents
    )
    for start in ("=", "+", "-", "@", "\t", " ", "<b>"):
        assert some("cuerpo_reclamacion", lambda body, start=start: body.startswith(start)), start
    for part in ('"', ",", ";", "\n", "⚡", "NULL", "NaN", "None"):
        assert some("cuerpo_reclamacion", lambda body, part=part: part in body), part
    assert some("comentarios", lambda comment: comment in {"-5", "@x"})
    assert max(len(campos["cuerpo_reclamacion"]) for campos in contents) > 2000


def test_sgc_numbers_are_what_people_type(world: World):
    contents = [FieldMaker(world).of(stub) for stub in stubs_of(world)]
    numbers = [content.campos["numero_reclamo_sgc"] for content in contents]
    assert any(number == "" for number in numbers)
    assert any(number.isdigit() and len(number) == 8 for number in numbers)
    assert any(number.startswith("RE") and number[2:].isdigit() and len(number) == 15 for number in numbers)
    filled = [number for number in numbers if number]
    assert len(set(filled)) < len(filled)
    delays = [content.sgc_delay_ms for content in contents if content.sgc_delay_ms]
    assert 300 <= min(delays) <= max(delays) <= 1200


def test_the_check_digit_of_a_tax_number():
    assert nit(800197268) == "800197268-4"


def test_attachments_are_few_and_some_bytes_occur_twice(world: World):
    per_pqr = [attachments_of(world, stub) for stub in stubs_of(world)]
    assert {len(files) for files in per_pqr} == {0, 1, 2, 3}
    assert {file.extension for files in per_pqr for file in files} == {"pdf", "jpg", "png", "docx", "zip"}
    assert any(len({file.source for file in files}) < len(files) for files in per_pqr), "twice under one PQR"
    shared = [file for files in per_pqr for file in files if file.source.startswith("shared")]
    assert len({(file.source, file.extension) for file in shared}) < len(shared), "under two PQRs"
    names = [file.nombre for files in per_pqr for file in files]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("extension", ["pdf", "jpg", "png", "docx", "zip"])
def test_attachments_are_valid_files(world: World, extension: str):
    for number in range(5):
        data = make_file(extension, world.random(extension, number), f"prueba {number}")
        assert data == make_file(extension, world.random(extension, number), f"prueba {number}")
        assert 2_000 <= len(data) <= 60_000
        if extension == "pdf":
            assert "Soporte" in pypdf.PdfReader(io.BytesIO(data), strict=True).pages[0].extract_text()
        elif extension in {"docx", "zip"}:
            assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
        else:
            Image.open(io.BytesIO(data)).load()


def test_the_unfiltered_list_is_fast(tmp_path: Path):
    fresh = book(World(99), tmp_path, "2026-11-24T12:00")
    started = time.process_time()
    total = fresh.count(Query())
    newest = fresh.slice(Query(), 0, 10)
    first = time.process_time() - started
    started = time.process_time()
    assert fresh.count(Query()) == total > 60_000
    fresh.slice(Query(), total - 5, 10)
    second = time.process_time() - started
    assert [stub.newest_first for stub in newest] == sorted(
        (stub.newest_first for stub in newest), reverse=True
    )
    assert first < 1, first
    assert second < 0.3, second


def test_counts_agree_with_the_pqrs_themselves(world: World, tmp_path: Path):
    reader = book(world, tmp_path, "2025-10-30T12:00")
    for query in (Query(FINALIZADO), Query("En proceso"), Query(), Query(FINALIZADO, date(2025, 10, 1))):
        found = reader.slice(query, 0, 10**6)
        assert reader.count(query) == len(found)
        assert not query.estado or all(reader.estado(stub, reader.now()) == query.estado for stub in found)
