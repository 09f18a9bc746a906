"""Records to test with; every person in them is invented."""

from datetime import date, datetime

from ov_assets.pqr.captures import JSON_NAME, PDF_NAME, CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.timezone import BOGOTA

DAY = date(2025, 10, 13)
READ_AT = datetime(2025, 10, 14, 4, 5, 6, tzinfo=BOGOTA)


def pqr(**changed: str) -> Pqr:
    values = dict.fromkeys(FIELDS, "") | {
        "nic": "0000123",
        "fecha": "2025/10/13 14:30",
        "documento_identidad": "AB-0012345-7",
        "nombres_apellidos": "PERSONA DE PRUEBA",
        "cuerpo_reclamacion": 'Dice "no", dos\nrenglones; y =1+1 😀',
        "numero_radicado": "0900000001",
        "estado_solicitud": "Finalizado",
    }
    return Pqr.of(values | changed)


def capture(
    store: CaptureStore, record: Pqr, attachments: dict[str, bytes] | None = None, huella: str = "h1"
) -> None:
    with store.draft(record.numero_radicado, huella, READ_AT) as draft:
        draft.add(Clase.JSON, JSON_NAME, record.to_json())
        draft.add(Clase.PDF, PDF_NAME, b"%PDF-1.4 " + record.numero_radicado.encode())
        for name, data in (attachments or {}).items():
            draft.add(Clase.ADJUNTO, name, data)
