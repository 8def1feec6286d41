"""The lessons, in the order in which a class takes them."""

from .first import LESSONS as FIRST
from .lesson import DOMAIN, Got, Lesson, Names, Sent, Verdict
from .providers import ENTRA, OKTA
from .together import BULK, GROUPS, LOOK_UP, PAGES, UNIQUENESS, VERSIONS

LESSONS: tuple[Lesson, ...] = (
    *FIRST,
    GROUPS,
    LOOK_UP,
    UNIQUENESS,
    VERSIONS,
    PAGES,
    OKTA,
    ENTRA,
    BULK,
)
BY_SLUG = {each.slug: each for each in LESSONS}

__all__ = ["BY_SLUG", "DOMAIN", "LESSONS", "Got", "Lesson", "Names", "Sent", "Verdict"]
