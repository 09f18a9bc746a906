"""What a portal's pages are known by: `pages.toml`, with what an operator's own file lays over it."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import isfinite
from pathlib import Path

from ov_assets.companies import COMPANIES

Value = str | int | float | tuple[str, ...]
SHIPPED = "pages.toml"
PATTERNS = {"list.footer_range": 3, "detail.not_yet_text": 0}  # and how many groups each has


class PagesFileError(Exception):
    """The file that OV_PORTAL_PAGES names can't be used: what stands where, and what would be right."""


@dataclass(frozen=True)
class Pages:
    """The names of one portal's pages, by `section.name`. laid_over: those that aren't the shipped ones."""

    names: Mapping[str, Value]
    laid_over: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str:
        value = self.names[name]
        assert isinstance(value, str), name
        return value

    def words(self, name: str) -> tuple[str, ...]:
        value = self.names[name]
        assert isinstance(value, tuple), name
        return value

    def number(self, name: str) -> float:
        value = self.names[name]
        assert isinstance(value, int | float), name
        return value

    def section(self, section: str) -> dict[str, Value]:
        """The names of one section, without it, in the order of the file."""
        prefix = f"{section}."
        return {key.removeprefix(prefix): self.names[key] for key in self.names if key.startswith(prefix)}

    def script(self, name: str) -> str:
        """The function in `js/<name>.js`, which takes its names from here."""
        return f"({_source(name)})({json.dumps(dict(self.names), ensure_ascii=False)})"

    def with_names(self, names: Mapping[str, Value]) -> "Pages":
        """The same with other values. Raises PagesFileError for an unknown name, or another kind of value."""
        for name, value in names.items():
            _check(name, value, self.names)
        return Pages({**self.names, **names}, self.laid_over | names.keys())


@cache
def _source(name: str) -> str:
    return resources.files(__package__).joinpath(f"js/{name}.js").read_text(encoding="utf-8").strip()


def read_pages(company: str, overlay: Path | None = None) -> Pages:
    """The names for one company. overlay: a TOML file of the same form (OV_PORTAL_PAGES).

    Raises PagesFileError, which says what is wrong with that file.
    """
    pages = _shipped(company)
    if overlay is None:
        return pages
    try:
        document = tomllib.loads(overlay.read_text(encoding="utf-8-sig"))
        return pages.with_names(dict(_flat(document, company)))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, PagesFileError) as error:
        raise PagesFileError(f"OV_PORTAL_PAGES ({overlay.name}): {error}") from error


@cache
def _shipped(company: str) -> Pages:
    text = resources.files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8")
    return Pages(dict(_flat(tomllib.loads(text), company)))


def _flat(document: Mapping[str, object], company: str) -> Iterator[tuple[str, Value]]:
    """What holds for every company, then what holds for this one. Raises PagesFileError."""
    for section, names in document.items():
        if not isinstance(names, dict):
            raise PagesFileError(f"«{section}» stands in no section")
        if section not in COMPANIES:
            yield from ((f"{section}.{name}", _value(value)) for name, value in names.items())
    own = document.get(company, {})
    assert isinstance(own, dict)
    if own:
        yield from _flat(own, company)


def _value(given: object) -> Value:
    if isinstance(given, list):
        return tuple(map(str, given))
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        raise PagesFileError(f"a {type(given).__name__} is no selector, label, route or limit")
    return given


def _check(name: str, value: Value, known: Mapping[str, Value]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise PagesFileError(f"there is no «{name}»{f'; perhaps «{near[0]}»' if near else ''}")
    if name in PATTERNS:
        try:
            groups = re.compile(str(value)).groups
        except re.error as error:
            raise PagesFileError(f"«{name}» is no pattern: {error}") from None
        if groups < PATTERNS[name]:
            raise PagesFileError(f"«{name}» must have {PATTERNS[name]} groups, for from, to and total")
    wanted = _kind(known[name])
    if _kind(value) != wanted or value in ("", ()):
        raise PagesFileError(f"«{name}» must be {wanted}, and not empty")
    if isinstance(value, int | float) and not (isfinite(value) and value > 0):
        raise PagesFileError(f"«{name}» must be more than 0")


def _kind(value: Value) -> str:
    if isinstance(value, str):
        return "a text"
    return "a list of texts" if isinstance(value, tuple) else "a number"
