"""Which values look odd; that none of them is rejected is tested in `faults/test_predecessor.py` (B5)."""

import pytest

from ov_assets.pqr.shapes import SHAPES, odd_shapes

GOOD = {
    "nic": ["123456", "0000035", "1234567890", ""],
    "correo_electronico": ["a@b.co", "Ana.Perez+ov@sub.ejemplo.com.co", "x_1@ñandú.com", ""],
    "telefono": ["6055550100", "(605) 555-0100", "+57 605 555 0100", ""],
    "celular": ["3005550100", "+57 300 555-01-00", ""],
    "documento_identidad": ["123456", "1.234.567.890", "900123456-7", "900.123.456-7", "PE1234567", ""],
}
ODD = {
    "nic": ["12345", "12345678901", "A123456", "123 456", "-"],
    "correo_electronico": ["no tiene", "a@b", "a b@c.co", "@c.co", "a@c.co; d@e.co", "a@c.c"],
    "telefono": ["555", "no", "1" * 16, "6055550100 ext 2"],
    "celular": ["300", "N/A", "300555010O"],
    "documento_identidad": ["12345", "CC", "1" * 13, "900123456-77", "ninguno"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in GOOD for value in GOOD[name]])
def test_a_usual_value_is_not_counted(name: str, value: str) -> None:
    assert odd_shapes([dict.fromkeys(SHAPES, "") | {name: value}]) == dict.fromkeys(SHAPES, 0)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in ODD for value in ODD[name]])
def test_an_odd_value_is_counted_under_its_field(name: str, value: str) -> None:
    assert odd_shapes([dict.fromkeys(SHAPES, "") | {name: value}]) == dict.fromkeys(SHAPES, 0) | {name: 1}
