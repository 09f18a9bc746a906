"""What a file is, by its first bytes; its name only tells formats apart that share them."""

import puremagic

DEFAULT = "application/octet-stream"
SNIFF_BYTES = 4096

OFFICE = "application/vnd.openxmlformats-officedocument."
BY_EXTENSION = {
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "docx": f"{OFFICE}wordprocessingml.document",
    "xlsx": f"{OFFICE}spreadsheetml.sheet",
    "pptx": f"{OFFICE}presentationml.presentation",
}
# First bytes -> type, and the extensions that may make it more precise.
MAGIC: tuple[tuple[bytes, str, frozenset[str]], ...] = (
    (b"%PDF-", "application/pdf", frozenset()),
    (b"\xff\xd8\xff", "image/jpeg", frozenset()),
    (b"\x89PNG\r\n\x1a\n", "image/png", frozenset()),
    (b"GIF8", "image/gif", frozenset()),
    (b"PK\x03\x04", "application/zip", frozenset({"docx", "xlsx", "pptx"})),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", frozenset({"doc", "xls"})),
    (b"Rar!\x1a\x07", "application/vnd.rar", frozenset()),
    (b"{", "application/json", frozenset()),
)


def content_type(head: bytes, extension: str) -> str:
    """The media type of a file from its first SNIFF_BYTES bytes and its extension without the dot.

    The table answers for what the portals serve; puremagic, some hundred times slower, for the rest.
    """
    for magic, media_type, refined_by in MAGIC:
        if head.startswith(magic):
            return BY_EXTENSION[extension] if extension in refined_by else media_type
    if b"\0" not in head and extension in {"csv", "txt"}:
        return BY_EXTENSION[extension]
    try:
        return puremagic.from_string(head[:SNIFF_BYTES], mime=True) or DEFAULT
    except (puremagic.PureError, ValueError):
        return DEFAULT
