"""Statements of SQL by name: `-- name: some_name` stands above each one, in the `.sql` files of a package."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class StatementError(LookupError):
    """No statement has this name, or two have."""


@cache
def statements(package: str, folder: str = "") -> Mapping[str, str]:
    """Every statement of a package's `.sql` files. Raises StatementError for a name that comes twice."""
    found: dict[str, str] = {}
    for file in sorted(resources.files(package).joinpath(folder).iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".sql"):
            continue
        before, *parts = NAME.split(file.read_text("utf-8"))
        if before.strip():
            raise StatementError(f"{file.name}: text above the first `-- name:`")
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            if name in found:
                raise StatementError(f"{file.name}: a second statement named {name}")
            found[name] = text.strip()
    return MappingProxyType(found)


def statement(package: str, name: str, folder: str = "") -> str:
    """The text of one statement. Raises StatementError."""
    try:
        return statements(package, folder)[name]
    except KeyError:
        raise StatementError(f"no statement is named {name} in {package}") from None
