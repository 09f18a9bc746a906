"""What a portal turned out to do: found out once, kept beside the session, and never a time-out again.

Nothing here is a rule that a portal must keep: it spares waiting, and a way of using a control that no longer
works is forgotten.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ov_assets.portal.browser.kept_files import keep_private, read_json
from ov_assets.portal.site import Keep, Site

PAGES_SEEN = 3
# What may be blank on every page of a day, and is never taken for so by a request that failed.
NEVER_TAKEN_FOR_BLANK = frozenset({"numero_reclamo_sgc", "adjuntos"})


@dataclass(slots=True)
class Learnt:
    """One portal's ways.

    hands_out_twice: whether what a page fetches is also saved or shown by it. follows_hash: whether a detail
    page goes on to another PQR when its address does. None: not known yet.
    details_ask: the kinds of XHR that each detail page so far asked for; None: none was watched yet.
    lists: the kinds that bring the rows of the list.
    ways: by control, the way of using it that worked. tried: how often one was used of which none is known.
    shown_without: by kind that failed or went unanswered, the fields that a page showed all the same.
    in_vain: by such a kind, the PQRs on whose pages that was. answered: by kind, those where it was answered.
    ever_filled: the fields that any page showed.
    unasked: the kinds that a page asks for without a click.
    """

    hands_out_twice: bool | None = None
    follows_hash: bool | None = None
    details_ask: frozenset[str] | None = None
    lists: frozenset[str] = frozenset()
    ways: dict[str, str] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    shown_without: dict[str, set[str]] = field(default_factory=dict)
    in_vain: dict[str, set[str]] = field(default_factory=dict)
    unasked: set[str] = field(default_factory=set)
    answered: dict[str, set[str]] = field(default_factory=dict)
    ever_filled: set[str] = field(default_factory=set)

    def next_way(self, control: str) -> str:
        """A way of using a control of which none is known to work: as an event, and by hand, in turn."""
        self.tried[control] = self.tried.get(control, 0) + 1
        return "event" if self.tried[control] % 2 else "pointer"

    def note_page(
        self, radicado: str, filled: Collection[str], unanswered: Collection[str], answered: Collection[str]
    ) -> None:
        """A page of a PQR showed these fields, while XHR of these kinds had no good answer, and these had."""
        for kind in answered:
            self.answered.setdefault(kind, set()).add(radicado)
        self.ever_filled.update(filled)
        for kind in unanswered:
            self.shown_without.setdefault(kind, set()).update(filled)
            self.in_vain.setdefault(kind, set()).add(radicado)

    def doubtful(self, kind: str, blank: Collection[str]) -> frozenset[str]:
        """Which blank fields a kind of XHR without a good answer may have to bring.

        Not what another page showed without it. Once several pages had its answer, or none ever did, nor what
        no page ever showed; but the claim number and the attachments are never believed so.
        """
        doubtful = frozenset(blank) - self.shown_without.get(kind, set())
        pages = self.answered.get(kind) or self.in_vain.get(kind) or ()
        return doubtful & (self.ever_filled | NEVER_TAKEN_FOR_BLANK) if len(pages) >= PAGES_SEEN else doubtful

    def noise(self, fields: Collection[str]) -> frozenset[str]:
        """The kinds of XHR that bring none of these fields, answered or not."""
        return frozenset(kind for kind in self.shown_without if not self.doubtful(kind, fields))


@dataclass(frozen=True, slots=True)
class KeptLearnt:
    """What was learnt of one portal, between two runs; with `keep` None nothing is kept."""

    site: Site
    keep: Keep | None

    def load(self) -> Learnt:
        """Empty if none was kept, or it can't be read: it is learnt anew."""
        found: dict[str, Any] = (self.keep and read_json(self._path(self.keep))) or {}
        if found.get("url") != self.site.base_url:
            return Learnt()
        return Learnt(
            hands_out_twice=found.get("hands_out_twice"),
            follows_hash=found.get("follows_hash"),
            ways=dict(found.get("ways", {})),
            shown_without={kind: set(names) for kind, names in found.get("shown_without", {}).items()},
            answered={kind: set(pages) for kind, pages in found.get("answered", {}).items()},
            ever_filled=set(found.get("ever_filled", [])),
            in_vain={kind: set(pages) for kind, pages in found.get("in_vain", {}).items()},
        )

    def save(self, learnt: Learnt) -> None:
        if self.keep is None:
            return
        document = {
            "url": self.site.base_url,
            "hands_out_twice": learnt.hands_out_twice or None,  # that it doesn't is found out each time
            "follows_hash": learnt.follows_hash,
            "ways": learnt.ways,
            "shown_without": {kind: sorted(names) for kind, names in learnt.shown_without.items()},
            "in_vain": {kind: sorted(pages)[:PAGES_SEEN] for kind, pages in learnt.in_vain.items()},
            "answered": {kind: sorted(pages)[:PAGES_SEEN] for kind, pages in learnt.answered.items()},
            "ever_filled": sorted(learnt.ever_filled),
        }
        keep_private(self._path(self.keep), json.dumps(document, ensure_ascii=False).encode())

    def _path(self, keep: Keep):
        return keep.sessions / f"{self.site.company.slug}.learnt.json"
