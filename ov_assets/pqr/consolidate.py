"""From the captures of a day to the rows of its CSV; what can't stand in a CSV is told apart, not lost."""

from ov_assets.pqr.captures import BrokenCaptureError, CaptureStore
from ov_assets.pqr.csv_contract import Reject, row_of
from ov_assets.pqr.manifest import Manifest

NUL = "\x00"  # PostgreSQL stores no text that holds it


def consolidate(store: CaptureStore) -> tuple[list[dict[str, str]], list[Reject]]:
    """The rows and the rejects of one company and day.

    Raises BrokenCaptureError only for a folder without a manifest: then even its radicado is unknown.
    """
    rows: list[dict[str, str]] = []
    rejects: list[Reject] = []
    for manifest in store.manifests().values():
        result = _row_or_reject(store, manifest)
        if isinstance(result, Reject):
            rejects.append(result)
        else:
            rows.append(result)
    return rows, rejects


def _row_or_reject(store: CaptureStore, manifest: Manifest) -> dict[str, str] | Reject:
    def reject(motivo: str, detalle: str) -> Reject:
        return Reject(store.company, manifest.numero_radicado.replace(NUL, ""), motivo, detalle)

    try:
        pqr = store.read_pqr(manifest)
    except BrokenCaptureError:
        return reject("captura_alterada", "pqr.json is gone or altered")
    except ValueError as error:
        return reject("json_invalido", type(error).__name__)
    if pqr.numero_radicado != manifest.numero_radicado:
        return reject("radicado_de_otra_pqr", "manifest and record disagree")
    row = row_of(store.company, pqr, manifest.extraido_en)
    if holders := [name for name, value in row.items() if NUL in value]:
        return reject("caracter_nulo", ", ".join(holders))
    return row
