"""How full the captured records are, field by field: one that empties overnight is a page that changed."""

from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.record import FIELDS

DECIMALS = 4


def field_coverage(store: CaptureStore) -> dict[str, float]:
    """The share of a day's captures in which each field says something; empty for a day without captures.

    Raises BrokenCaptureError.
    """
    records = [store.read_pqr(manifest) for manifest in store.manifests().values()]
    if not records:
        return {}
    return {
        name: round(sum(bool(getattr(record, name)) for record in records) / len(records), DECIMALS)
        for name in FIELDS
    }
