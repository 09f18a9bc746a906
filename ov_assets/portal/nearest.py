"""What on a page comes nearest to an element that isn't there, and the line of an overlay that names it."""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from playwright.async_api import Page

from ov_assets.portal.pages.reading import FILE_NAME, OPTIONAL, field_name
from ov_assets.portal.pages_file import Pages
from ov_assets.pqr.record import FIELDS

ALIKE_MIN = 0.7
SAME_LABEL_MIN = 0.6  # of a label's words
LABEL_CHARS_MAX = 40
LABELS_FOUND_MAX = 1.5  # times as many elements as there are labels that are known
PREFIXES = frozenset({"md", "ng"})  # of whatever a library draws
RANGE_NUMBERS = 3
NUMBER = r"\d[\d.,]*"
# What comes more than once on a page, and is one thing.
TOGETHER = frozenset(
    {"filter.option", "filter.date_input", "list.header", "list.row", "list.cell", "list.eye"}
    | {"list.footer", "detail.label", "detail.attachment"}
)
WITHIN = {"list.cell": "list.row", "list.eye": "list.row", "filter.estado_value": "filter.estado"}
# What the doctor clicks at an operator's account must say what it is, and nothing that changes a PQR.
CLICKED = frozenset({"login.submit", "filter.toggle", "filter.search", "list.next", "list.previous"})
HARMFUL = re.compile(
    r"anular|eliminar|borrar|guardar|finalizar|enviar|cerrar|salir|logoff|logout|delete|save|remove|radicar",
    re.IGNORECASE,
)
AS_TEXT = "detail.claim_number"  # may be no control at all, and no other one is taken for it
# Found by their order alone, if by nothing else.
ORDERED = frozenset({"login.username", "login.password", "filter.from", "filter.to"})


def line(name: str, value: str | Sequence[str]) -> str:
    """One line of an overlay, its section before it: `[list] next = '…'`."""
    section, key = name.split(".", 1)
    plain = isinstance(value, str) and "'" not in value and value.isprintable()
    return f"[{section}] {key} = " + (f"'{value}'" if plain else json.dumps(value, ensure_ascii=False))


def overlay_of(lines: Iterable[str]) -> str:
    """The lines as a file, each section once."""
    sections: dict[str, list[str]] = {}
    for text in lines:
        section, entry = text.split("] ", 1)
        sections.setdefault(f"{section}]", []).append(entry)
    return "\n\n".join("\n".join([section, *entries]) for section, entries in sections.items()) + "\n"


async def nearest(page: Page, pages: Pages, name: str, known: Iterable[str]) -> str | None:
    """The selector of what comes nearest to a missing element. known: names of elements that are there.

    None if nothing on the page is like it.
    """
    among, words = pages.words(f"nearest.{name}")
    if outer := WITHIN.get(name):
        among = ", ".join(f"{pages[outer]} {part.strip()}" for part in among.split(","))
    together = name in TOGETHER
    taken = [pages[other] for other in known if not together and (other in TOGETHER) == together]
    before = pages["login.any_password"] if name == "login.username" else None
    asked = [among, _saying(name, pages), taken, together, before]
    found = await page.evaluate(pages.script("candidates"), asked)
    found = [
        one for one in found if one["selectors"] and not (name in CLICKED and HARMFUL.search(one["words"]))
    ]
    if not found:
        return None
    # Of the selector what it says, not what kind of element it finds.
    said = [value or name for value, name in re.findall(r'"([^"]+)"|[.#]([A-Za-z-]+)', pages[name])]
    wanted = f"{words} {' '.join(said)}"
    best = max(found, key=lambda one: _alike(wanted, one["words"]) + 0.1 * min(one["count"], 10) * together)
    is_only_one = len(found) == 1 and name != AS_TEXT and name not in CLICKED
    if not (_alike(wanted, best["words"]) or together or name in ORDERED or is_only_one):
        return None
    if name == "detail.label" and best["found"] > LABELS_FOUND_MAX * best["count"]:
        return None  # it finds the values, too
    selector: str = best["selectors"][0]
    return selector


def _saying(name: str, pages: Pages) -> str | None:
    """What the text of an element must be like, where that tells more than its attributes."""
    if name == "list.footer":
        return r"^\D{0,30}[\d.,]+\D{1,12}[\d.,]+\D{1,12}[\d.,]+\D{0,30}$"
    if name == "detail.attachment":
        return f"{FILE_NAME.pattern}$"
    if name == "detail.label":
        labels = (re.escape(label) for field in FIELDS for label in pages.words(f"labels.{field}"))
        return rf"^({'|'.join(labels)})\s*:?$"
    return None


def _tokens(text: str) -> list[str]:
    apart = re.sub(r"([a-zñ])([A-Z])", r"\1 \2", text)
    words = (word.casefold() for word in re.findall(r"[^\W\d_]{2,}|[‹›<>«»]", apart))
    return [word for word in words if word not in PREFIXES]


def _alike(wanted: str, said: str) -> float:
    """How many of the wanted words are said, near misses counted for what they are."""
    tokens = _tokens(said)
    best = (
        max((SequenceMatcher(None, word, token).ratio() for token in tokens), default=0.0)
        for word in set(_tokens(wanted))
    )
    return sum(ratio for ratio in best if ratio >= ALIKE_MIN)


def nearest_text(wanted: Iterable[str], shown: Sequence[str]) -> str | None:
    """The shown caption that says most of what is wanted; None if none says any of it."""
    words = " ".join(wanted)
    best = max(shown, key=lambda caption: _alike(words, caption), default=None)
    return best if best is not None and _alike(words, best) else None


def nearest_labels(labels: Sequence[str], pages: Pages) -> dict[str, str]:
    """By field that no label of a detail page is known to be, the label that it must be.

    labels: in the order of the page. It must be the one that says the same, or the only one that stands where
    the field should: a wrong one would put one field's text into another. Fields of which neither is sure are
    left out.
    """
    fields = [field_name(label, pages) for label in labels]
    found: dict[str, str] = {}
    for alike in (_by_words, _by_place):
        for field in FIELDS:
            if field in fields:
                continue
            index = alike(field, labels, fields, pages)
            if index is not None and 0 < len(labels[index]) <= LABEL_CHARS_MAX:
                fields[index], found[field] = field, labels[index]
    return found


def _by_words(field: str, labels: Sequence[str], fields: Sequence[str | None], pages: Pages) -> int | None:
    wanted = " ".join(pages.words(f"labels.{field}"))
    shares = {
        index: min(_alike(wanted, labels[index]), _alike(labels[index], wanted))
        / max(1, len(set(_tokens(labels[index]))))
        for index, known in enumerate(fields)
        if known is None
    }
    best = max(shares, key=lambda index: shares[index], default=None)
    return best if best is not None and shares[best] >= SAME_LABEL_MIN else None


def _by_place(field: str, labels: Sequence[str], fields: Sequence[str | None], pages: Pages) -> int | None:
    """Between the same two known fields there are as many unknown labels as missing fields."""
    order = [name for name in FIELDS if name in fields or name not in OPTIONAL or name == field]
    at = order.index(field)
    before = next((name for name in reversed(order[:at]) if name in fields), None)
    after = next((name for name in order[at:] if name in fields), None)
    first = fields.index(before) + 1 if before else 0
    last = fields.index(after) if after else len(fields)
    unknown = [index for index in range(first, last) if fields[index] is None]
    missing = order[order.index(before) + 1 if before else 0 : order.index(after) if after else len(order)]
    return unknown[missing.index(field)] if len(unknown) == len(missing) else None


def range_like(text: str) -> str | None:
    """The pattern of a footer such as `1 - 10 de 23`, whatever its words; None if it isn't three numbers."""
    numbers = [int(re.sub(r"[.,]", "", number)) for number in re.findall(NUMBER, text)]
    if len(numbers) != RANGE_NUMBERS or numbers != sorted(numbers):
        return None
    words = (re.escape(part).replace(r"\ ", r"\s*") for part in re.split(NUMBER, text))
    return "^" + r"([\d.,]+)".join(words) + "$"
