"""The session of an account between two runs, so that a run needn't log in: cookies in a private file.

Encrypted when OV_SESSION_KEY is set. A file that can't be read, of another account or another key, is no
session; it is never an error, since logging in is the remedy.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from ov_assets.portal.browser.kept_files import keep_private, read_json
from ov_assets.portal.site import Keep, Site


@dataclass(frozen=True, slots=True)
class KeptSession:
    """The kept session of one site; with `keep` None nothing is ever kept."""

    site: Site
    keep: Keep | None

    @property
    def _path(self):
        assert self.keep is not None
        return self.keep.sessions / f"{self.site.company.slug}.json"

    @property
    def _account(self) -> str:
        return hashlib.sha256(f"{self.site.base_url}\0{self.site.username}".encode()).hexdigest()

    @property
    def _cipher(self) -> Fernet | None:
        """Any text serves as a key; it is stretched to the length that Fernet wants."""
        if self.keep is None or not self.keep.session_key:
            return None
        digest = hashlib.sha256(self.keep.session_key.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

    def load(self) -> Any | None:
        """What `storage_state` gave when it was kept, or None."""
        if self.keep is None:
            return None
        document = read_json(self._path)
        if document is None or document.get("account") != self._account:
            return None
        cipher, state = self._cipher, document.get("state")
        if (cipher is None) == bool(document.get("encrypted")):
            return None
        if cipher is None:
            return state
        try:
            return json.loads(cipher.decrypt(str(state).encode()))
        except (InvalidToken, ValueError):
            return None

    def save(self, state: Any) -> None:
        """Keep what `storage_state` gives."""
        if self.keep is None:
            return
        cipher = self._cipher
        kept = cipher.encrypt(json.dumps(state).encode()).decode() if cipher else state
        document = {"account": self._account, "encrypted": cipher is not None, "state": kept}
        keep_private(self._path, json.dumps(document).encode())

    def forget(self) -> None:
        if self.keep is not None:
            self._path.unlink(missing_ok=True)
