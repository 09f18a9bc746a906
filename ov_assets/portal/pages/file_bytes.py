"""Whether bytes are a file, of the kind that its name says: an error page is none, an empty file is one."""

from pathlib import PurePosixPath

# First bytes by extension; docx and xlsx are ZIP files.
MAGIC: dict[str, bytes] = {
    ".pdf": b"%PDF",
    ".png": b"\x89PNG",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".gif": b"GIF8",
    ".zip": b"PK",
    ".docx": b"PK",
    ".xlsx": b"PK",
    ".doc": b"\xd0\xcf\x11\xe0",
    ".rar": b"Rar!",
}
# What else a file may be that has another's extension: any of the above, RTF, TIFF, BMP, WebP, 7z, HEIC.
OTHER_FILES = (
    *MAGIC.values(),
    *(b"{\\rtf", b"II*\x00", b"MM\x00*", b"BM", b"RIFF", b"7z\xbc\xaf"),
    *(bytes([0, 0, 0, size]) + b"ftyp" for size in range(16, 64, 4)),
)


def check_bytes(data: bytes, name: str, max_bytes: int) -> str | None:
    """What is wrong with an attachment's bytes, or None."""
    if not data:
        return None
    if len(data) > max_bytes:
        return f"{len(data)} bytes, over OV_ATTACHMENT_MAX_MB"
    extension = PurePosixPath(name).suffix.lower()
    magic = MAGIC.get(extension)
    # People rename files: a PNG that is called .jpg is what they sent. A page or a text in its place isn't.
    if magic and magic not in data[:1024] and not data.startswith(OTHER_FILES):
        return f"not a {extension} file, nor any other that is known"
    if magic is None and data[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page instead of the file"
    return None
