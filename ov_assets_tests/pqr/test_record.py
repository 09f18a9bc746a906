"""The record: what survives, what is folded, and that any edit is a new hash."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_assets.pqr.content_hash import hash_registro
from ov_assets.pqr.record import FIELDS, Pqr, canonical_label, normalise
from ov_assets_tests.pqr.examples import pqr

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("  007 ", "007"),
        ("AB-123-K", "AB-123-K"),
        (unicodedata.normalize("NFD", "Ñúñez"), "Ñúñez"),
        ("uno\r\ndos\rtres", "uno\ndos\ntres"),
        ("=1+1", "=1+1"),
        ("NULL", "NULL"),
        ('a "b"  c', 'a "b"  c'),
        ("😀", "😀"),
    ],
)
def test_a_value_survives_as_shown(shown: str, kept: str) -> None:
    assert normalise(shown) == kept


@pytest.mark.parametrize("label", ["Nº Radicado PQR", " n° radicado pqr: ", "N°  Radicado\nPQR"])
def test_spellings_of_a_label_are_the_same(label: str) -> None:
    assert canonical_label(label) == canonical_label("N° Radicado PQR")


@pytest.mark.parametrize("name", FIELDS)
def test_an_edit_of_any_field_is_another_hash(name: str) -> None:
    assert hash_registro(pqr()) != hash_registro(pqr(**{name: "otro"}))


def test_the_hash_knows_where_a_field_ends() -> None:
    assert hash_registro(pqr(telefono="12", celular="3")) != hash_registro(pqr(telefono="1", celular="23"))


def test_the_hash_of_a_record_never_changes_between_versions() -> None:
    assert hash_registro(pqr()) == "55205d8fd093788f27680974d1c887a9877fa26e7e9716396d30807e31a9fa9d"


PAGE = st.fixed_dictionaries({name: TEXT for name in FIELDS})


@given(PAGE, st.lists(st.tuples(TEXT, TEXT), max_size=3, unique_by=lambda pair: normalise(pair[0])))
def test_a_record_comes_back_from_its_json(values: dict[str, str], others: list[tuple[str, str]]) -> None:
    record = Pqr.of(values, others)
    assert Pqr.from_json(record.to_json()) == record
    assert record.to_json() == Pqr.of(values, reversed(others)).to_json()


@given(PAGE, st.lists(st.tuples(st.sampled_from(["", "\r", "Barrio", " Barrio "]), TEXT), max_size=4))
def test_a_label_that_says_more_than_one_thing_loses_none(
    values: dict[str, str], others: list[tuple[str, str]]
) -> None:
    kept = Pqr.of(values, others).otros_campos
    for name in ("", "Barrio"):
        said = [normalise(text) for label, text in others if normalise(label) == name]
        assert kept.get(name, "") == "\n".join(said)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"nic": 1}', b"\xff"])
def test_other_bytes_are_no_record(data: bytes) -> None:
    with pytest.raises(ValueError):
        Pqr.from_json(data)
