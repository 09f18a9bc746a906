"""What stays of a text, by the place where it stands: a value, a caption, a name in the code, an address.

Everything is replaced but what a rule here lets stay. A word that is a value anywhere in the recording is
replaced in the code's names and in addresses, too.
"""

import re
from collections.abc import Callable, Collection
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from ov_assets.portal.recording.mask import EXTENSIONS, WORD, Masker, fold
from ov_assets.portal.recording.words import STATES, VOCABULARY

CAPTION_MAX_CHARS = 120
RANGE = re.compile(r"\s*(\d+\s*-\s*\d+\s+de\s+\d+|\d{1,3})\s*")
HUMPS = re.compile(r"[A-ZÁÉÍÓÚÑ]?[a-záéíóúñ]+|[A-ZÁÉÍÓÚÑ]+(?![a-z])|\d+")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
CODE_NAME = re.compile(r"[A-Za-z_$@][\w$.\-\[\]]{0,60}")
FILE_NAME = re.compile(rf".+\.({EXTENSIONS})", re.IGNORECASE)
MEDIA_TYPE = re.compile(r"(application|audio|font|image|multipart|text|video)/[a-z.+-]{1,80}")
LONG_NUMBER = re.compile(r"\d{4}")
VOWEL = re.compile(r"[aeiouáéíóú]", re.IGNORECASE)
VALUE_MIN_CHARS, ACRONYM_MAX_CHARS, PATH_WORD_MAX_CHARS = 3, 4, 40
FLAGS = (0, 1)
SAFE_IN_ADDRESSES = "-._~{}()$:@!,;+"


class Places:
    """Masks by place.

    values: the folded words of all values; what is met is added, so that a second pass knows them all.
    code: folded words that stay wherever code has its names, since the capture looks for them. of_one: those
    in the paths of a single PQR's requests, where an unknown word may be a person.
    """

    def __init__(
        self,
        masker: Masker,
        base_url: str,
        owns: Callable[[str], bool],
        values: set[str],
        code: Collection[str],
        of_one: Collection[str] = (),
    ) -> None:
        self.masker, self._base, self._owns = masker, base_url, owns
        self._values, self._kept, self._of_one = values, VOCABULARY | frozenset(code), of_one

    def value(self, text: str) -> str:
        """What a person filed, or was told: nothing stays but a state by itself."""
        if fold(text.strip()) in STATES:
            return text
        for word in WORD.findall(text):
            self._values.update(
                fold(part) for part in (word, *HUMPS.findall(word)) if len(part) >= VALUE_MIN_CHARS
            )
        return self.masker.text(text)

    def caption(self, text: str) -> str:
        """What a page says by itself: the words that portals say stay, and where the list stands."""
        if RANGE.fullmatch(text):
            return text
        if len(text) > CAPTION_MAX_CHARS:
            return self.masker.text(text)
        return self.masker.text(text, self._is_said)

    def code(self, text: str) -> str:
        """The name of a class or a control, an expression: what is quoted in it is a caption at best."""
        quoted = QUOTED.sub(lambda match: match[0][0] + self.caption(match[0][1:-1]) + match[0][-1], text)
        return self.masker.text(quoted, lambda word: not (LONG_NUMBER.search(word) or self._is_value(word)))

    def key(self, name: str) -> str:
        """The name of a field in an answer, or in the query of an address."""
        is_name = CODE_NAME.fullmatch(name) and not LONG_NUMBER.search(name)
        return self.code(name) if is_name else self.masker.text(name, self._is_said)

    def address(self, url: str, *, of_a_value: bool = False) -> str:
        """An address of the portal without its host; of another host nothing else.

        of_a_value: it stands beside a person's data, so that each unknown word of it may be an id.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        if parts.scheme not in {"", "http", "https"}:
            return f"{parts.scheme}:"
        if (parts.netloc or parts.scheme) and not self._owns(urljoin(self._base, url)):
            return f"{parts.scheme or 'https'}://{self.code(parts.hostname or '')}/"
        found = self._path(parts.path, of_a_value)
        if parts.query:
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            found += "?" + urlencode([(self.key(name), self.value(value)) for name, value in pairs])
        return f"{found}#{self._path(parts.fragment, of_a_value)}" if parts.fragment else found

    def _path(self, path: str, of_a_value: bool) -> str:
        return "/".join(
            quote(self._segment(unquote(segment), of_a_value), safe=SAFE_IN_ADDRESSES)
            for segment in path.split("/")
        )

    def _segment(self, segment: str, of_a_value: bool) -> str:
        if FILE_NAME.fullmatch(segment):
            return self.value(segment)
        is_one_name = CODE_NAME.fullmatch(segment) and "-" not in segment and "_" not in segment
        if not of_a_value and is_one_name:
            return self.masker.text(segment, self._is_of_a_path)
        if of_a_value and not all(self._is_said(word) for word in WORD.findall(segment)):
            return self.value(segment)
        return self.masker.text(segment, self._is_said)

    def json(self, found: Any) -> Any:
        """An answer with the same keys and types."""
        if isinstance(found, dict):
            return {self.key(name): self.json(value) for name, value in found.items()}
        if isinstance(found, list):
            return [self.json(value) for value in found]
        if isinstance(found, str):
            return self.value(found)
        if found is None or isinstance(found, bool) or found in FLAGS:
            return found
        if isinstance(found, float):
            return float(self.value(f"{found:.6f}")) if isfinite(found) else 0.0
        return int(self.value(str(found)))

    def _is_said(self, word: str) -> bool:
        return fold(word) in self._kept

    def _is_value(self, word: str) -> bool:
        return any(
            fold(part) in self._values and fold(part) not in self._kept
            for part in (word, *HUMPS.findall(word))
        )

    def _is_of_a_path(self, word: str) -> bool:
        """Whether a word of a path is one that a programmer chose: it can be said, and holds no number."""
        if self._is_said(word):
            return True
        parts = HUMPS.findall(word)
        return (
            word.isalpha()
            and len(word) <= PATH_WORD_MAX_CHARS
            and not self._is_value(word)
            and fold(word) not in self._of_one
            and all(
                (len(part) > 1 and VOWEL.search(part)) or (part.isupper() and len(part) <= ACRONYM_MAX_CHARS)
                for part in parts
            )
        )
