"""`hash_registro`: one versioned hash over every business field, so that any edit is a new hash."""

import hashlib
import json

from ov_assets.pqr.record import Pqr

# Changing what goes in, or its order, needs a new tag: stored hashes must stay comparable.
HASH_TAG = "ov-pqr-1"


def hash_registro(pqr: Pqr) -> str:
    """SHA-256 (64 hex digits) over the 18 fields in page order and the unknown labels, length-prefixed.

    The length before each value (in UTF-8 bytes) keeps `("ab", "c")` apart from `("a", "bc")`.
    """
    digest = hashlib.sha256()
    others = (
        json.dumps(dict(pqr.otros_campos), ensure_ascii=False, sort_keys=True) if pqr.otros_campos else ""
    )
    for value in (HASH_TAG, *pqr.business_fields().values(), others):
        data = value.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
