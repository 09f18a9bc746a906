"""Text with every word and number replaced by another one of the same shape.

The same word is the same fake one throughout a recording, wherever it stands, so that a radicado in a list,
an address and a detail page stay one radicado. Nobody can go back: each fake is drawn from a key that is
thrown away, word by word, not letter by letter.
"""

import hmac
import re
import secrets
import string
import unicodedata
from collections.abc import Callable, Collection
from datetime import date, timedelta
from random import Random

DIGITS = string.digits
POOLS = (DIGITS, string.ascii_lowercase, string.ascii_uppercase, "áéíóúñü", "ÁÉÍÓÚÑÜ")
HEX_POOLS = (DIGITS, "abcdef", "ABCDEF")
REDRAWS_MAX = 50
SHIFT_WEEKS_MIN, SHIFT_WEEKS_SPAN = 8, 150
MINUTES_PER_HOUR = 60
EXTENSIONS = "pdf|jpe?g|png|gif|docx?|xlsx?|txt|zip|rar|7z|tiff?|bmp|webp|heic|rtf|msg|eml|mp3|mp4|html?|json"
WORD = re.compile(r"[^\W_]+")
PIECES = re.compile(
    r"(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![^\W_]))"
    r"|(?P<day>(?:\d{4}([/-])\d{2}\3\d{2}|\d{2}([/-])\d{2}\4\d{4})(?!\d))"
    r"|(?P<stays>(?<=\d-\d\d)T(?=\d\d:\d\d)"
    rf"|(?<=\.)(?:{EXTENSIONS})(?![^\W_]))"
    r"|(?P<time>\d{2}:\d{2}(?::\d{2})?(?![:\d]))"
    r"|(?P<word>[^\W_]+)",
    re.IGNORECASE,
)


def fold(word: str) -> str:
    """A word without its accents and its case, for looking it up."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return bare.casefold()


class Masker:
    """Replaces texts. One a recording.

    key: the same one gives the same fakes. avoid: folded words that no fake may be.
    """

    def __init__(self, key: bytes | None = None, avoid: Collection[str] = ()) -> None:
        self._key, self._avoid = key or secrets.token_bytes(32), avoid
        self._fakes: dict[str, str] = {}
        self._taken: set[str] = set()
        weeks = SHIFT_WEEKS_MIN + self._random("shift").randrange(SHIFT_WEEKS_SPAN)
        self._shift = timedelta(weeks=-weeks)

    def _random(self, word: str) -> Random:
        return Random(hmac.digest(self._key, word.encode("utf-8", "surrogatepass"), "sha256"))

    def text(self, text: str, stays: Callable[[str], bool] = lambda word: False) -> str:
        """Dates become other dates, all by as many weeks; times keep their hour; extensions stay.

        stays: which words are kept as they are.
        """

        def piece(match: re.Match[str]) -> str:
            found = match[0]
            if match["stays"] or (match["word"] and stays(found)):
                return found
            if match["uuid"]:
                return self._fake(found, HEX_POOLS)
            if match["time"]:
                return self._time(found)
            if match["day"]:
                return self._day(found)
            return self._fake(found, POOLS)

        return PIECES.sub(piece, text)

    def day(self, day: date) -> date:
        """The day that stands for this one."""
        return day + self._shift

    def _day(self, text: str) -> str:
        numbers, mark = re.split(r"[/-]", text), re.sub(r"\d", "", text)[0]
        is_year_first = len(numbers[0]) == 4
        year, month, day = numbers if is_year_first else reversed(numbers)
        try:
            fake = self.day(date(int(year), int(month), int(day)))
        except (ValueError, OverflowError):
            return mark.join(self._fake(number, POOLS) for number in numbers)
        return fake.strftime(mark.join(("%Y", "%m", "%d") if is_year_first else ("%d", "%m", "%Y")))

    def _time(self, text: str) -> str:
        hour, *rest = text.split(":")
        moved, known = [hour], hour
        for number in rest:
            known += f":{number}"
            step = 1 + self._random(known).randrange(MINUTES_PER_HOUR - 1)
            moved.append(f"{(int(number) + step) % MINUTES_PER_HOUR:02d}")
        return ":".join(moved)

    def _fake(self, word: str, pools: tuple[str, ...]) -> str:
        """Another word each time; for very short ones, of which there are few, it may be one again."""
        if word not in self._fakes:
            for draw in range(REDRAWS_MAX):
                fake = _drawn(word, self._random(f"{draw} {word}"), pools)
                if fake not in self._taken and fold(fake) not in self._avoid:
                    break
            self._taken.add(fake)
            self._fakes[word] = fake
        return self._fakes[word]


def _drawn(word: str, random: Random, pools: tuple[str, ...]) -> str:
    """No character stays but the zeros that a number begins with; its first other digit is no zero."""
    zeros = len(word) - len(word.lstrip("0")) if word.isascii() and word.isdigit() else 0
    fakes = []
    for place, char in enumerate(word[zeros:]):
        if not char.isalnum():
            fakes.append(char)
            continue
        pool = next((pool for pool in pools if char in pool), None)
        if pool is None:
            pool = DIGITS if char.isnumeric() else POOLS[4] if char.isupper() else POOLS[3]
        others = pool.replace(char, "")
        is_first_digit = place == 0 and pool is DIGITS
        fakes.append(random.choice(others.replace("0", "") if is_first_digit else others))
    return "0" * zeros + "".join(fakes)
