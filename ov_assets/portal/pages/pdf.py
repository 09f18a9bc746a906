"""The printed detail page: the same page gives the same bytes, and it must hold the record."""

import io
import re

from pypdf import PdfReader

DATE = re.compile(rb"/(CreationDate|ModDate) \(D:(\d{14})")


def fixed_dates(pdf: bytes, fecha: str) -> bytes:
    """Chromium stamps the time of printing into the file; the PQR's own Fecha stands there instead.

    Same length, so that the file's offsets stay right. Without this each look at an unchanged PQR would
    be another file with another hash.
    """
    digits = re.sub(r"\D", "", fecha)[:14].ljust(14, "0").encode()
    return DATE.sub(lambda match: b"/" + match[1] + b" (D:" + digits, pdf)


def holds_text(pdf: bytes, text: str) -> bool:
    """Whether the text of any page contains `text`, blanks apart."""
    wanted = re.sub(r"\s", "", text)
    return any(wanted in re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages)
