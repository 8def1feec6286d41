"""The pages that have a screenshot, and are tested in a browser; a new page is one line."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from tests.console.conftest import Console

FILTER = 'active eq true and (title co "tours" or emails[type eq "work"])'
PATCH = """{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
  {"op": "add", "path": "title", "value": "Guide"},
  {"op": "replace", "path": "phoneNumbers[type eq \\"mobile\\"].value", "value": "+49 30 1"}
]}"""

# A path may name what the story has made: {refused}, {conflict}, {created} and {tolerated} are
# numbers of exchanges, {jane}, {raj} and {group} are ids.
PAGES: Mapping[str, str] = {
    "live": "/",
    "exchange": "/exchange/{tolerated}",
    "refused": "/exchange/{refused}",
    "again": "/exchange/{created}/again",
    "compare": "/compare?left={created}&right={conflict}",
    "conversation": "/conversation",
    "directory": "/directory",
    "person": "/directory/User/{jane}",
    "group": "/directory/Group/{group}",
    "learn": "/learn",
    "learn-lesson": "/learn/change-with-patch",
    "lab-filter": "/lab/filter?filter=" + quote(FILTER),
    "lab-patch": "/lab/patch?type=User&of={raj}&body=" + quote(PATCH),
    "lab-payload": "/lab/payload",
    "connect": "/connect",
    "connect-okta": "/connect/okta",
    "problems": "/problems",
    "operate": "/operate",
}
PHONE = ("live",)  # those that are shown on a telephone, too
WHOLE = ("conversation",)  # those that are shown down to their end
THEMES = ("light", "dark")
WIDE, TALL = (1280, 800), (390, 844)

NUMBER = re.compile(r'href="/exchange/(\d+)')
EXCHANGES = {  # the filter of Live that finds one
    "refused": "status:401",
    "conflict": "status:409",
    "created": "method:POST status:201 path:/Users user:jane@example.com",
    "tolerated": "tolerance:created_value_path",
}


def files() -> list[str]:
    """Return the names of all screenshots."""
    plain = [f"{name}-{theme}.png" for name in PAGES for theme in THEMES]
    return plain + [f"{name}-phone-{theme}.png" for name in PHONE for theme in THEMES]


def paths(console: Console, ids: Mapping[str, str]) -> dict[str, str]:
    """Return the paths of the pages on a console that has seen the story."""
    values = dict(ids)
    for name, choice in EXCHANGES.items():
        shown = NUMBER.findall(console.web.get("/", params={"q": choice}).text)
        values[name] = shown[0] if shown else "0"
    return {name: path.format_map(values) for name, path in PAGES.items()}
