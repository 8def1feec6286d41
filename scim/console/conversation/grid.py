"""The places of a sequence diagram's parts, on a screen, on a stage and on a phone."""

from collections.abc import Mapping
from dataclasses import dataclass

from .drawing import BOLD, Font

SMALL = Font(12)


@dataclass(frozen=True, slots=True)
class Grid:
    """The places of the lanes. ``step`` is the distance of two providers; a phone has no times."""

    width: float
    time: float | None
    first: float
    step: float
    most: int  # lanes of providers
    server: float
    database: float
    sentence: Font
    title: Font
    name: Font
    small: Font

    def lane(self, number: int) -> float:
        return self.first + number * self.step

    def text(self) -> tuple[float, float]:
        """Return where the sentences begin and end: beside the first lane, across the others."""
        if self.time is None:
            return 14, self.width - 14
        return self.lane(0) + 26, self.server - 14

    @property
    def fact(self) -> Font:
        return Font(self.small.size, BOLD)


WORDS = (Font(15, 500), Font(15, BOLD))
GRIDS: Mapping[str, Grid] = {
    "wide": Grid(1120, 22, 160, 120, 4, 838, 1044, *WORDS, Font(14, BOLD), SMALL),
    "middle": Grid(720, 16, 122, 108, 3, 500, 658, *WORDS, Font(12.5, BOLD), Font(11)),
    "narrow": Grid(
        360, None, 38, 62, 3, 236, 322, Font(14, 500), Font(14, BOLD), Font(10.5, BOLD), Font(11)
    ),
}
