"""Logging in: the nonce and the in-browser "encryption" of the login form, and the cookie sessions.

The scheme is no protection. It is there because the real page encrypts before it posts, so that a client
which posts the form by itself is turned away, here as there.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from .faults import Faults

COOKIE = ".DOTNETNUKE"
_OPEN_FORMS = 2000


@dataclass
class Account:
    """The one operator of a portal; the name may contain blanks."""

    username: str
    password: str


@dataclass
class Session:
    """One logged-in browser."""

    username: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    waiting_for_code: bool = False
    served: int = 0
    last_detail: dict | None = None


class Sessions:
    """Open login forms and open sessions, in memory: a restart logs everybody out, as a real one would."""

    def __init__(self, account: Account, faults: Faults):
        self._account, self._faults = account, faults
        self._nonces: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, Session] = {}

    def nonce(self) -> str:
        """A fresh key for one login form; the oldest unused ones are forgotten."""
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = None
        while len(self._nonces) > _OPEN_FORMS:
            self._nonces.popitem(last=False)
        return nonce

    def check(self, nonce: str, sealed: str) -> bool:
        """Whether a form holds the account's name and password, sealed with a nonce not used before."""
        if nonce not in self._nonces:
            return False
        del self._nonces[nonce]
        expected = f"{self._account.username}\0{self._account.password}"
        return secrets.compare_digest(unseal(nonce, sealed), expected.encode())

    def open(self) -> Session:
        session = Session(self._account.username, waiting_for_code=self._faults.get("otp") is not None)
        self._open[session.token] = session
        return session

    def find(self, token: str | None) -> Session | None:
        """The session of a cookie, whatever state it is in."""
        return self._open.get(token or "")

    def use(self, token: str | None) -> Session | None:
        """The session for one more request, if it is logged in and has not just expired."""
        session = self.find(token)
        if session is None or session.waiting_for_code:
            return None
        session.served += 1
        expiry = self._faults.get("session_expires_after")
        if expiry and session.served > expiry.requests:
            self.close(token)
            expiry.times -= 1
            if expiry.times <= 0:
                self._faults.off("session_expires_after")
            return None
        return session

    def close(self, token: str | None) -> None:
        self._open.pop(token or "", None)

    def close_all(self) -> None:
        self._open.clear()


def unseal(nonce: str, sealed: str) -> bytes:
    """The inverse of `sealed()` in login.js: Base64 of UTF-8 bytes, XORed with the nonce's characters."""
    try:
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        return b""
    key = nonce.encode()
    return bytes(byte ^ key[index % len(key)] for index, byte in enumerate(data))


def seal(nonce: str, username: str, password: str) -> str:
    """What login.js posts, for clients without a browser (tests)."""
    key = nonce.encode()
    plain = f"{username}\0{password}".encode()
    return base64.b64encode(bytes(byte ^ key[index % len(key)] for index, byte in enumerate(plain))).decode()
