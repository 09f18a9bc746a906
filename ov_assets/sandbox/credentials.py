"""Passwords and keys of one sandbox: drawn once, kept in a file that only its owner can read."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


def write_private(path: Path, content: str) -> None:
    """Replace `path` in one step by a file of mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    draft.replace(path)


def _word() -> str:
    return secrets.token_urlsafe(18)


@dataclass(frozen=True)
class Credentials:
    postgres: str  # the superuser, used by the supervisor alone
    ov: str
    dagster: str
    s3_access_key: str
    s3_secret_key: str
    portal: dict[str, str]  # company → password of its operator account


def of_sandbox(home: Path, companies: list[str]) -> Credentials:
    """Those of the sandbox at `home`; the missing ones are drawn and kept."""
    path = home / "credentials.json"
    drawn = asdict(
        Credentials(
            postgres=_word(),
            ov=_word(),
            dagster=_word(),
            s3_access_key=f"OV{secrets.token_hex(9).upper()}",
            s3_secret_key=_word(),
            portal={},
        )
    )
    kept = json.loads(path.read_text()) if path.exists() else {}
    merged = drawn | kept
    merged["portal"] = {company: _word() for company in companies} | kept.get("portal", {})
    if merged != kept:
        write_private(path, json.dumps(merged, indent=2))
    return Credentials(**merged)
