"""The files of a PQR: real PDF, JPEG, PNG, DOCX and ZIP files, the same bytes every time.

They are made when somebody asks for them, and the last few are kept, because a benchmark asks again and
again. Some files are shared: two PQRs may carry the same bytes, and now and then one PQR has the same bytes
twice under two names. A store that identifies a file by its bytes alone loses one of them.
"""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from random import Random

from PIL import Image

from .world import Stub, World

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "zip": "application/zip",
}
SHARED_FILES = 12
_CACHE_BYTES = 64 * 1024 * 1024
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file under a PQR; `source` names the bytes, `nombre` is what the portal shows."""

    nombre: str
    source: str

    @property
    def extension(self) -> str:
        return self.nombre.rpartition(".")[2]

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.extension]


def attachments_of(world: World, stub: Stub, count: int | None = None) -> tuple[Attachment, ...]:
    """The files of a PQR; `count` overrides how many there are and leaves the first ones as they were."""
    rng = world.random("files", stub.company, stub.key)
    usual = rng.choices((0, 1, 2, 3), weights=(40, 35, 15, 10))[0]
    twice = rng.random() < 0.12
    files: list[Attachment] = []
    for index in range(usual if count is None else count):
        extension = rng.choices(tuple(CONTENT_TYPES), weights=(45, 25, 10, 10, 10))[0]
        source = f"own:{stub.company}:{stub.key}:{index}"
        if rng.random() < 0.06:
            source = f"shared:{rng.randrange(SHARED_FILES)}"
        if index == 1 and twice:
            extension, source = files[0].extension, files[0].source
        name = uuid.UUID(int=rng.getrandbits(128), version=4)
        files.append(Attachment(f"{name}.{extension}", source))
    return tuple(files)


class Files:
    """Makes the bytes of attachments and keeps the last ones, up to a bounded size."""

    def __init__(self, world: World):
        self._world = world
        self._kept: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()
        self._size = 0

    def content(self, attachment: Attachment) -> bytes:
        return self._get(attachment)[0]

    def sha256(self, attachment: Attachment) -> str:
        return self._get(attachment)[1]

    def _get(self, attachment: Attachment) -> tuple[bytes, str]:
        key = (attachment.source, attachment.extension)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        data = make_file(attachment.extension, self._world.random("bytes", *key), attachment.source)
        entry = self._kept[key] = (data, hashlib.sha256(data).hexdigest())
        self._size += len(data)
        while self._size > _CACHE_BYTES:
            _, (dropped, _) = self._kept.popitem(last=False)
            self._size -= len(dropped)
        return entry


def make_file(extension: str, rng: Random, title: str) -> bytes:
    """A valid file of that kind, 2 to 60 kB, deterministic."""
    if extension == "pdf":
        return _pdf(rng, title)
    if extension == "docx":
        return _docx(rng, title)
    if extension == "zip":
        note = f"Soporte de {title}\n".encode()
        return _zip({"soporte.txt": note, "foto.jpg": _image(rng, "JPEG")})
    return _image(rng, {"jpg": "JPEG", "png": "PNG"}[extension])


def _image(rng: Random, kind: str) -> bytes:
    """A blurred mosaic: it compresses like a photograph, so that the sizes are plausible ones."""
    side = rng.randint(6, 24)
    mosaic = Image.frombytes("RGB", (side, side), rng.randbytes(3 * side * side))
    width = rng.randint(160, 420) if kind == "JPEG" else rng.randint(60, 110)
    picture = mosaic.resize((width, width * 3 // 4), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return out.getvalue()


def _pdf(rng: Random, title: str) -> bytes:
    jpeg = _image(rng, "JPEG")
    with Image.open(io.BytesIO(jpeg)) as picture:
        width, height = picture.size
    text = (
        f"BT /F1 14 Tf 60 760 Td (Soporte de la reclamacion {title}) Tj ET q 400 0 0 300 60 420 cm /I1 Do Q"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> /XObject << /I1 6 0 R >> >> >>",
        _stream(b"", text.encode()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _stream(
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB"
            f" /BitsPerComponent 8 /Filter /DCTDecode".encode(),
            jpeg,
        ),
    ]
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _stream(head: bytes, body: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(body), body)


def _docx(rng: Random, title: str) -> bytes:
    package = "http://schemas.openxmlformats.org/package/2006"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return _zip(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{package}/content-types">'
                f'<Default Extension="rels" ContentType="{relations}"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                '<Default Extension="jpg" ContentType="image/jpeg"/>'
                f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{package}/relationships">'
                f'<Relationship Id="rId1" Type="{document}" Target="word/document.xml"/></Relationships>'
            ).encode(),
            "word/document.xml": (
                '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
                f"<w:t>Reclamación {title}</w:t></w:r></w:p></w:body></w:document>"
            ).encode(),
            "word/media/foto.jpg": _image(rng, "JPEG"),
        }
    )


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), data, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()
