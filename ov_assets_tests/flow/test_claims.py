"""Whose an object's bytes are, when thousands of files on record have the same ones."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from ov_assets.flow.reconcile.claims import Claims
from ov_assets.flow.reconcile.keys import Named
from ov_assets.pqr.manifest import Clase


class OnRecord(NamedTuple):
    """A file with the same bytes as all the others."""

    archivo_id: int
    empresa: str
    numero_radicado: str
    clase: str
    nombre: str
    hash_archivo: str = "h"
    tamano: int = 1
    ruta_local: str = ""


def same_file_in_many_claims(count: int) -> list[OnRecord]:
    return [OnRecord(n, "afinia", f"{n:08d}", "adjunto", "logo.png") for n in range(count)]


def same_file_many_times_in_one_claim(count: int) -> list[OnRecord]:
    return [OnRecord(n, "afinia", "1", "adjunto", f"{n:08d}.png") for n in range(count)]


def lines_run(work: Callable[[], None]) -> int:
    """How many lines of Python `work` runs, and as many again for each item that a comprehension visits."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("files", [same_file_in_many_claims, same_file_many_times_in_one_claim])
def test_twenty_thousand_files_of_one_hash_cost_twenty_times_a_thousand(files):
    def cost(count: int) -> float:
        on_record = files(count)
        claims = Claims(on_record, {"afinia": {}})
        asked = [(Named("afinia", file.numero_radicado, Clase.ADJUNTO), file) for file in on_record[:200]]

        def take() -> None:
            for name, expected in asked:
                assert claims.take(name, "h") == (expected, "")

        return lines_run(take) / len(asked)

    assert cost(20_000) == pytest.approx(cost(1_000), rel=0.05)


@pytest.mark.parametrize("numero", ["", "RE-unknown"])
def test_a_name_that_tells_nothing_is_answered_without_a_look_at_each_claim(numero):
    claims = Claims(same_file_in_many_claims(20_000), {})
    assert lines_run(lambda: claims.take(Named("afinia", numero, None), "h")) < 100
    assert claims.take(Named("afinia", numero, None), "h") == (None, "ambiguo")


def test_all_of_twenty_thousand_get_their_own():
    on_record = same_file_in_many_claims(20_000)
    claims = Claims(
        on_record, {"afinia": {f"RE{f.numero_radicado}": frozenset({f.numero_radicado}) for f in on_record}}
    )
    for file in reversed(on_record):
        assert claims.take(Named("afinia", f"RE{file.numero_radicado}", None), "h") == (file, "")
    assert claims.take(Named("afinia", "", None), "h") == (None, "copia")


def test_a_company_and_a_class_that_a_key_leaves_open_are_those_that_alone_have_the_bytes():
    files = [OnRecord(1, "afinia", "1", "pdf", "a"), OnRecord(2, "aire", "2", "adjunto", "b")]
    assert Claims(files, {}).take(Named(None, "", None), "h") == (None, "ambiguo")
    assert Claims(files, {}).take(Named("aire", "", None), "h") == (files[1], "")
    assert Claims(files, {}).take(Named(None, "", Clase.PDF), "h") == (files[0], "")
    assert Claims(files, {}).take(Named(None, "2", None), "h") == (files[1], "")
    assert Claims(files, {}).take(Named("aire", "", Clase.PDF), "h") == (None, "otro_reclamo")


def test_what_is_settled_elsewhere_is_a_copy_only_for_its_own_claim():
    claims = Claims([], {"afinia": {"RE1": frozenset({"1"}), "RE2": frozenset({"2"})}})
    claims.settle("afinia", "1", "h")
    assert claims.take(Named("afinia", "RE1", None), "h") == (None, "copia")
    assert claims.take(Named("afinia", "RE2", None), "h") == (None, "otro_reclamo")
    assert claims.take(Named("afinia", "", None), "h") == (None, "copia")
    assert claims.take(Named("aire", "", None), "h") == (None, "otro_reclamo")
    assert claims.take(Named(None, "", None), "h") == (None, "copia")
