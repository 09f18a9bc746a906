"""A password that may be wrong is sent twice at most: a third refusal could lock the account.

What got no answer may have been a refusal, too slow to be seen; it counts as one for an hour.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ov_assets.portal.browser.kept_files import keep_private, read_json
from ov_assets.portal.errors import LoginRejected, LoginUnanswered
from ov_assets.portal.site import Keep, Site
from ov_assets.timezone import BOGOTA

REJECTED_MAX = 2
UNANSWERED_COUNTS = timedelta(hours=1)
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class LoginGuard:
    """Counts the refusals of one account and password in a private file that holds neither."""

    site: Site
    keep: Keep | None

    @property
    def _path(self):
        assert self.keep is not None
        return self.keep.sessions / f"{self.site.company.slug}.rejected.json"

    def _digest(self, salt: str) -> str:
        secret = f"{self.site.base_url}\0{self.site.username}\0{self.site.password}".encode()
        return hashlib.scrypt(secret, salt=bytes.fromhex(salt), **SCRYPT).hex()

    def _noted(self) -> dict[str, Any]:
        """refused: how many times. unanswered: when, of those that count. Another password starts afresh."""
        found = read_json(self._path) if self.keep is not None else None
        if not found or self._digest(found["salt"]) != found["digest"]:
            return {"refused": 0, "unanswered": []}
        since = (datetime.now(BOGOTA) - UNANSWERED_COUNTS).isoformat()
        return {
            "refused": found.get("refused", found.get("count", 0)),  # `count` in files of 1.0
            "unanswered": [at for at in found.get("unanswered", []) if at > since],
        }

    def _note(self, noted: dict[str, Any]) -> None:
        if self.keep is None:
            return
        salt = secrets.token_hex(16)
        document = {"salt": salt, "digest": self._digest(salt), **noted}
        keep_private(self._path, json.dumps(document).encode())

    def check(self) -> None:
        """Raises LoginRejected or LoginUnanswered, before anything is sent, if it was sent twice in vain."""
        noted = self._noted()
        if noted["refused"] >= REJECTED_MAX:
            raise LoginRejected(
                self.site.company.slug,
                f"this password was refused {REJECTED_MAX} times, so it isn't sent again. "
                f"Change it in the settings, or delete {self._path} to try once more",
            )
        if noted["refused"] + len(noted["unanswered"]) >= REJECTED_MAX:
            raise LoginUnanswered(self.site.company.slug, "the last logins got no answer: none for an hour")

    def sent(self) -> None:
        """The password goes out now; whatever comes, it isn't forgotten."""
        noted = self._noted()
        self._note(noted | {"unanswered": [*noted["unanswered"], datetime.now(BOGOTA).isoformat()]})

    def answered(self, *, refused: bool) -> None:
        """What was sent last got an answer."""
        noted = self._noted()
        self._note({"refused": noted["refused"] + refused, "unanswered": noted["unanswered"][:-1]})

    def accepted(self) -> None:
        if self.keep is not None:
            self._path.unlink(missing_ok=True)
