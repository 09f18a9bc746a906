"""No more than two refused logins with the same password: a third could lock the account."""

import hashlib
import json
import secrets
from dataclasses import dataclass

from ov_assets.portal.browser.kept_files import keep_private, read_json
from ov_assets.portal.errors import LoginRejected
from ov_assets.portal.site import Keep, Site

REJECTED_MAX = 2
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

    def _count(self) -> int:
        found = read_json(self._path) if self.keep is not None else None
        if not found or self._digest(found["salt"]) != found["digest"]:
            return 0  # another password since then: a fresh start
        return int(found["count"])

    def check(self) -> None:
        """Raises LoginRejected before anything is sent if this password was refused twice."""
        if self.keep is not None and self._count() >= REJECTED_MAX:
            raise LoginRejected(
                self.site.company.slug,
                f"this password was refused {REJECTED_MAX} times, so it isn't sent again. "
                f"Change it in the settings, or delete {self._path} to try once more",
            )

    def rejected(self) -> None:
        if self.keep is None:
            return
        salt = secrets.token_hex(16)
        document = {"salt": salt, "digest": self._digest(salt), "count": self._count() + 1}
        keep_private(self._path, json.dumps(document).encode())

    def accepted(self) -> None:
        if self.keep is not None:
            self._path.unlink(missing_ok=True)
