import pytest

from ov_assets.s3.content_type import content_type

OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("head", "extension", "expected"),
    [
        (b"%PDF-1.7\n...", "pdf", "application/pdf"),
        (b"%PDF-1.7\n...", "jpg", "application/pdf"),  # the bytes, not the name
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "bin", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0", "png", "image/png"),
        (b"GIF89a", "gif", "image/gif"),
        (b"PK\x03\x04\x14\0", "docx", f"{OFFICE}wordprocessingml.document"),
        (b"PK\x03\x04\x14\0", "xlsx", f"{OFFICE}spreadsheetml.sheet"),
        (b"PK\x03\x04\x14\0", "zip", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc", "application/msword"),
        (b'{\n  "nic": ""', "json", "application/json"),
        (b"empresa,numero_radicado\r\n", "csv", "text/csv; charset=utf-8"),
        ("Señor".encode(), "txt", "text/plain; charset=utf-8"),
        (b"\0\x01\x02\x03", "csv", "application/octet-stream"),
        (b"", "pdf", "application/octet-stream"),
        (b"II*\0\x08\0\0\0", "tif", "image/tiff"),
    ],
)
def test_content_type(head, extension, expected):
    assert content_type(head, extension) == expected
