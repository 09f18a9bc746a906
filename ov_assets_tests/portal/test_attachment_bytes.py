"""What passes for the file that an attachment's name promises."""

import pytest

from ov_assets.portal.pages.file_bytes import check_bytes

MAX_BYTES = 1_000
HEIC = b"\x00\x00\x00\x18ftypheic"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("renamed.jpg", b"\x89PNG\r\n"),
        ("phone.jpg", HEIC),
        ("web.png", b"RIFF\x00\x00\x00\x00WEBP"),
        ("old.doc", b"{\\rtf1"),
        ("locked.docx", b"\xd0\xcf\x11\xe0"),
        ("packed.rar", b"PK\x03\x04"),
        ("late.pdf", b"\n\n%PDF-1.4"),
        ("plain.txt", b"hola"),
        ("empty.pdf", b""),
    ],
)
def test_a_file_is_taken_under_whatever_extension_its_owner_gave_it(name: str, data: bytes) -> None:
    assert check_bytes(data, name, MAX_BYTES) is None


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.pdf", b"%PDF" * 300, "over OV_ATTACHMENT_MAX_MB"),
        ("a.pdf", b"<html>Error</html>", "not a .pdf file"),
        ("a.jpg", b'{"error": 500}', "not a .jpg file"),
        ("a.txt", b"<!DOCTYPE html>", "a web page"),
    ],
)
def test_what_came_in_place_of_the_file_is_refused(name: str, data: bytes, problem: str) -> None:
    assert problem in str(check_bytes(data, name, MAX_BYTES))
