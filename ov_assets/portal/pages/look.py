"""What to ask the list for, and what one walk over it saw."""

from dataclasses import dataclass
from datetime import date, timedelta

from ov_assets.portal.row import ListedRow

FINALIZADO = "Finalizado"


@dataclass(frozen=True, slots=True)
class Filter:
    """What to ask the list for: one state, and days from..to, both included."""

    estado: str
    first: date
    last: date

    @property
    def wider(self) -> "Filter":
        """The same, and a day more at either end: which of its own days a portal leaves out isn't known."""
        day = timedelta(days=1)
        return Filter(self.estado, self.first - day, self.last + day)


@dataclass(frozen=True, slots=True)
class Look:
    """One walk over the list.

    total: what the footer claimed at the end. steady: it claimed so on every page, and so many rows came.
    repeated: radicados that came more than once.
    """

    rows: dict[str, ListedRow]
    total: int
    steady: bool
    repeated: tuple[str, ...]
    page_turns: int

    @property
    def whole(self) -> bool:
        """Nothing moved while it was read, and the unique radicados are as many as the footer says."""
        return self.steady and not self.repeated

    def within(self, wanted: Filter) -> "Look":
        """What of it is of these days; total counts those only."""
        rows = {key: row for key, row in self.rows.items() if wanted.first <= row.day <= wanted.last}
        total = self.total - len(self.rows) + len(rows)
        repeated = tuple(radicado for radicado in self.repeated if radicado in rows)
        return Look(rows, total, self.steady, repeated, self.page_turns)

    def agrees_with(self, other: "Look | None") -> bool:
        """Whether both looks saw the same, with the same content.

        A row that comes twice in both, at an unchanged total, is the portal's own and hides no other: one
        that had slipped across a page border would have changed the total.
        """
        if other is None or not (self.steady and other.steady):
            return False
        return (
            self.total == other.total
            and self.repeated == other.repeated
            and {key: row.huella for key, row in self.rows.items()}
            == {key: row.huella for key, row in other.rows.items()}
        )
