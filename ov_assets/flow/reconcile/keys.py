"""What an object's key says about its file: the company, the claim it names, the class.

Reads our own three layouts and the predecessor's, of which five are in the bucket. A number in a key is what
somebody once called the claim, a radicado or an SGC; which of the two, and of which PQR, the database knows.
"""

import re
from dataclasses import dataclass

from ov_assets.pqr.manifest import Clase

CENTRAL = "Central_De_Escritos"
COMPANY_FOLDERS = {
    "afinia": ("Afinia", "afinia"),
    "aire": ("Air-e", "Aire", "aire_sas", "aire"),
}
# The predecessor filed here what it could not tell apart, so either company's files may be in it.
SHARED_FOLDERS = ("general",)
CLASS_FOLDERS = {
    "json": Clase.JSON,
    "data": Clase.JSON,
    "metadatos": Clase.JSON,
    "pdf": Clase.PDF,
    "pdfs": Clase.PDF,
    "documentos_principales": Clase.PDF,
    "adjuntos": Clase.ADJUNTO,
    "csv": Clase.CSV,
}
OTHERS_BY_NAME = {"pdf", "json", "csv"}

CENTRAL_KEY = re.compile(rf"{CENTRAL}/(?P<folder>[^/]+)/01_raw_data/oficina_virtual/(?P<rest>.+)")
COMPANY_KEY = re.compile(r"(?P<folder>[^/]+)/(?:01_raw_data/)?oficina_virtual/(?P<rest>.+)")
DATED = re.compile(r"(?P<first>[^/]+)/\d{4}/\d{2}/\d{2}/[^/]+")
CLAIM = re.compile(r"[A-Za-z]{0,4}-?\d[\dA-Za-z-]{2,48}")
STAMPED_PDF = re.compile(r"(?:PQR_\d+|[^_]+(?:_PQR_\d+)?)_\d{8}_\d{6}\.pdf")


@dataclass(frozen=True, slots=True)
class Named:
    """empresa, clase: None when the key leaves it open. numero: "" when it names no claim."""

    empresa: str | None
    numero: str
    clase: Clase | None


def raw_prefixes(company: str | None = None) -> list[str]:
    """The prefixes below which raw files of a company stand, ours and the predecessor's; all without one."""
    found = (
        [] if company else [f"{CENTRAL}/{folder}/01_raw_data/oficina_virtual/" for folder in SHARED_FOLDERS]
    )
    for slug in [company] if company else COMPANY_FOLDERS:
        found += [f"{slug}/01_raw_data/oficina_virtual/", f"{slug}/oficina_virtual/"]
        found += [f"{CENTRAL}/{name}/01_raw_data/oficina_virtual/" for name in COMPANY_FOLDERS[slug]]
    return sorted(found)


def named(key: str) -> Named:
    """What `key` says; nothing, for a key of another kind."""
    if match := CENTRAL_KEY.fullmatch(key):
        *folders, name = match["rest"].split("/")
        numero = folders[0] if folders and folders[0] != "misc" else _number(name)
        return Named(_company(match["folder"]), numero, _class(folders[1:], name))
    if match := COMPANY_KEY.fullmatch(key):
        dated = DATED.fullmatch(match["rest"])
        name = match["rest"].rpartition("/")[2]
        return Named(
            _company(match["folder"]), _number(name), _class([dated["first"]] if dated else [], name)
        )
    return Named(None, "", None)


def _company(folder: str) -> str | None:
    return next((slug for slug, names in COMPANY_FOLDERS.items() if folder in (slug, *names)), None)


def _number(name: str) -> str:
    first = name.removeprefix("pqr_data_").partition("_")[0].partition(".")[0]
    return first if CLAIM.fullmatch(first) else ""


def _class(folders: list[str], name: str) -> Clase | None:
    for folder in folders:
        if folder in CLASS_FOLDERS:
            return CLASS_FOLDERS[folder]
    ending = name.rpartition(".")[2].lower()
    if "_adjunto_" in name or ending not in OTHERS_BY_NAME:
        return Clase.ADJUNTO
    if ending == "csv":
        return Clase.CSV
    if ending == "json" and ("_data_" in name or name == "pqr_data.json"):
        return Clase.JSON
    # An attachment may be a PDF or a JSON file too: where the name leaves it open, the hash decides.
    return Clase.PDF if STAMPED_PDF.fullmatch(name) else None
