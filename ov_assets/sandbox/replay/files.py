"""The bytes of an attachment in a replay: the type and the size of the true ones, and nothing in them."""

from hashlib import sha256

from ov_assets.portal.browser.requests import XHR
from ov_assets.portal.pages.attachments import BINARY
from ov_assets.portal.pages.file_bytes import MAGIC
from ov_assets.portal.recording.document import Exchange, File

HANDED_OUT_BY_PAGES = ("child", "popup")
FILLER = b"Grabacion de un portal: este archivo no es de nadie.\n"


def bytes_of(file: File) -> bytes:
    """The same every time, and others for another name."""
    head = MAGIC.get(file.kind, b"")
    own = head + b"\n" + sha256(file.name.encode()).hexdigest().encode() + b"\n"
    return (own + FILLER * (file.size_bytes // len(FILLER) + 1))[: file.size_bytes]


def hands_out(exchange: Exchange, file: File) -> bool:
    """Whether an exchange that followed the click on a file brought it; others are the page's own noise."""
    if exchange.disposition or exchange.kind not in XHR:
        return bool(exchange.disposition) or exchange.frame in HANDED_OUT_BY_PAGES
    return exchange.size_bytes == file.size_bytes or bool(BINARY.match(exchange.content_type))
