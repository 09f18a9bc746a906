"""S3: whether the bucket takes, keeps and protects objects as the uploader relies on."""

from collections.abc import Iterator

from ov_assets.alerts.advice import SHARED
from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.resources import ObjectStore
from ov_assets.s3.errors import S3AccessDeniedError, S3Error
from ov_assets.s3.scratch import PREFIX, Scratch

AREA = Area("S3")
CREATES, PROTECTS, CHECKSUM, DELETES = "crea", "no sobrescribe", "guarda el SHA-256", "borra lo de prueba"
POLICY_MEND = (
    f"El rol necesita crear, leer y borrar bajo `{PREFIX}` (deploy/aws/role-uploader.json). "
    "Lo demás del bucket nadie lo borra."
)
NOT_S3_MEND = "Ese servidor no cumple con S3: use AWS, o una versión que sí lo haga (deploy/aws/README.md)."


def look() -> Iterator[Diagnosis]:
    try:
        bucket = ObjectStore().open()
        scratch = Scratch(bucket)
        scratch.create()
    except S3Error as error:
        yield AREA.bad(CREATES, str(error), _mend(error))
        for cosa in (PROTECTS, CHECKSUM, DELETES):
            yield AREA.unseen(cosa, "no se pudo crear el objeto de prueba")
        return
    yield AREA.good(CREATES, f"s3://{bucket.name}/{PREFIX}")
    try:
        yield from _kept(scratch)
    finally:
        yield _deleted(scratch)


def _kept(scratch: Scratch) -> Iterator[Diagnosis]:
    promises = (
        (PROTECTS, scratch.refuses_overwriting, "la segunda escritura se rechaza (If-None-Match)"),
        (CHECKSUM, scratch.keeps_checksum, "S3 lo verificó y lo devuelve"),
    )
    for cosa, holds, seen in promises:
        try:
            kept = holds()
        except S3Error as error:
            yield AREA.bad(cosa, str(error), _mend(error))
            continue
        yield AREA.good(cosa, seen) if kept else AREA.bad(cosa, "no lo hace", NOT_S3_MEND)


def _deleted(scratch: Scratch) -> Diagnosis:
    try:
        scratch.delete()
    except S3Error as error:
        return AREA.bad(DELETES, str(error), POLICY_MEND)
    return AREA.good(DELETES, "no queda nada")


def _mend(error: S3Error) -> str:
    known = SHARED.get(type(error).__name__)
    if isinstance(error, S3AccessDeniedError) and error.code == "AccessDenied":
        return POLICY_MEND
    return known.hacer if known else "Mire el código en la documentación de S3 y repita `ov doctor`."
