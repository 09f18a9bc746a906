"""A bucket and a registry as the predecessor left them: its keys, its rows, its gaps."""

from dataclasses import dataclass, field
from typing import Any

from ov_assets_tests.flow.world import World, sha256

STAMP = "20251012_184500"
FOLDERS = {"json": "metadatos", "pdf": "documentos_principales", "adjunto": "adjuntos"}
NAMES = {"json": "{}_data_{}.json", "pdf": "{}_{}.pdf", "adjunto": "{}_adjunto_{}.pdf"}
LOCAL = {"json": "pqr.json", "pdf": "detalle.pdf", "adjunto": "soporte.pdf"}
CENTRAL = {"afinia": "Afinia", "aire": "Air-e"}


def key(layout: int, company: str, sgc: str, clase: str, stamp: str = STAMP) -> str:
    """The key of layout 1, 2, 3, 5 or 6 of the facts about the predecessor."""
    name = NAMES[clase].format(sgc, stamp)
    folder = {1: CENTRAL[company], 2: {"afinia": "afinia", "aire": "aire_sas"}[company]}
    if layout in folder:
        return f"Central_De_Escritos/{folder[layout]}/01_raw_data/oficina_virtual/{sgc}/{name}"
    if layout == 6:
        central = f"Central_De_Escritos/{CENTRAL[company]}/01_raw_data/oficina_virtual"
        return f"{central}/{sgc}/{FOLDERS[clase]}/{name}"
    kind = {3: {"json": "json", "pdf": "pdf"}, 5: {"json": "data", "pdf": "pdfs"}}[layout].get(
        clase, "adjuntos"
    )
    return f"{company}/oficina_virtual/{kind}/2025/10/12/{name}"


@dataclass
class Left:
    """What it left. objects: the bucket's, by key. rows: the registry's."""

    world: World
    objects: dict[str, bytes] = field(default_factory=dict)
    rows: int = 0

    def claim(self, company: str, n: int, classes: tuple[str, ...], shared: bytes | None = None) -> str:
        """A PQR with files on record and in `ov_{company}`; its SGC."""
        radicado, sgc = f"{n:08d}", f"RE{221 if company == 'afinia' else 222}{n:07d}"
        self.world.company = company
        self.world.conn.execute(
            f"INSERT INTO data_general.ov_{company} (numero_radicado, fecha, estado_solicitud, hash_registro,"  # noqa: S608
            " numero_reclamo_sgc) VALUES (%s, '2025-10-13', 'Finalizado', %s, %s)",
            (radicado, sha256(radicado.encode()), sgc),
        )
        for clase in classes:
            data = bytes_of(company, n, clase)
            if clase == "adjunto" and shared is not None:
                data = shared
            self.world.put_on_record(radicado, clase, LOCAL[clase], data)
        return sgc

    def put(self, key: str, data: bytes) -> None:
        self.world.bucket.client.put_object(Bucket=self.world.bucket.name, Key=key, Body=data)
        self.objects[key] = data

    def register(self, company: str, key: str, sgc: str | None, data: bytes, **more: Any) -> None:
        """A row as its scripts wrote them: no radicado, no ETag, a size of 0 now and then."""
        columns = {
            "nombre_archivo": key.rpartition("/")[2],
            "tamano_archivo": 0,
            "hash_archivo": sha256(data),
            "bucket_s3": self.world.bucket.name,
            "clave_s3": key,
            "numero_reclamo_sgc": sgc,
            "empresa": company,
            "estado_carga": "subido",
            "origen_carga": "migracion",
        } | more
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        self.world.conn.execute(
            f"INSERT INTO data_general.registros_ov_s3 ({names}) VALUES ({marks})",  # noqa: S608
            list(columns.values()),
        )
        self.world.conn.commit()
        self.rows += 1


def bytes_of(company: str, n: int, clase: str) -> bytes:
    start = b'{"numero_radicado": ' if clase == "json" else b"%PDF-1.7 "
    return start + f"{company} {n} {clase}".encode()


def leave(world: World, sizes: dict[str, int], shared: int, copies: int) -> Left:
    """Files of both companies under its five layouts, every third claim's attachment the same form.

    sizes: files a company. shared: claims whose attachment has bytes that were registered already, so that
    UNIQUE hash_archivo kept their objects out of the registry. copies: objects that repeat a registered file.
    """
    left = Left(world)
    form = b"%PDF-1.7 the same form in many claims"
    unregistered = shared
    for company, size in sizes.items():
        files, n = 0, 0
        while files < size:
            classes = ("json", "pdf", "adjunto")[: min(3, size - files)]
            n, files = n + 1, files + len(classes)
            same = "adjunto" in classes and company == "afinia" and n <= shared + 1
            sgc = left.claim(company, n, classes, form if same else None)
            for clase in classes:
                layout = (6, 1, 2, 3, 5)[n % 5]
                data = form if same and clase == "adjunto" else bytes_of(company, n, clase)
                left.put(where := key(layout, company, sgc, clase), data)
                if same and clase == "adjunto" and n > 1 and unregistered:
                    unregistered -= 1
                else:
                    left.register(company, where, sgc, data)
    for n in range(1, copies + 1):
        sgc = f"RE221{n:07d}"
        left.put(key(1, "afinia", sgc, "pdf", "20251013_090000"), bytes_of("afinia", n, "pdf"))
    return left


def count_writes(client: Any) -> list[str]:
    """The PutObject calls and copies that this client makes from now on."""
    made: list[str] = []
    for name in ("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject"):
        client.meta.events.register(f"before-call.s3.{name}", lambda name=name, **_: made.append(name))
    return made
