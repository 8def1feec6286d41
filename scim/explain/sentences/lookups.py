"""The question of a read, as a verb with the answer: ``check`` whether jane@example.com exists."""

import re
from typing import Any

from scim.protocol.filters.nodes import And, AttributePath, Comparison, ValuePath

from ..bodies import Reading, get, name_of
from ..words import counted, number, plain
from .acts import Act
from .attributes import LABELS, compared

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NAMING = ("username", "displayname", "externalid", "id", "emails", "emails.value")
PROBE = 2  # results that a test of the connection asks for at most
NAMES = ("username", "displayname")


def is_test(reading: Reading) -> bool:
    """Tell whether a read is a test of the connection (Okta, Entra ID, Google Workspace)."""
    if not reading.is_provider or reading.id or reading.resource_type != "User":
        return False
    if reading.filter is None:
        is_first = reading.integer("startindex", 1) <= 1 and "filter" not in reading.parameters
        return is_first and 1 <= reading.integer("count") <= PROBE
    value = looked_up(reading)[1]
    is_random = isinstance(value, str) and GUID.fullmatch(value) is not None
    return is_random and looked_up(reading)[0].lower() in NAMES


def looked_up(reading: Reading) -> tuple[str, Any]:
    """Return the attribute and the value of a look-up by a name or id; empty if it is none."""
    node = reading.filter
    if isinstance(node, And):
        node = node.terms[0]
    if not isinstance(node, Comparison) or node.operator != "eq":
        return "", None
    path = node.path
    if isinstance(path, ValuePath):
        kind = compared(path.value_filter, "type")
        is_email = path.path.name.lower() == "emails" and isinstance(kind, str)
        return (f"{plain(kind, 20)} address", node.value) if is_email else ("", None)
    name = str(AttributePath(path.name, path.sub_attribute))
    return (name, node.value) if name.lower() in NAMING else ("", None)


def read_act(reading: Reading) -> Act:
    """Return what a GET or a search asks for, with what was found."""
    if not reading.resource_type:
        return _everywhere(reading)
    if reading.endpoint.lower() == "me":
        told = f": {reading.called}" if reading.subject.name else ""
        return Act("read", f"the user whom its token names (/Me){told}")
    if reading.id:
        return _one(reading)
    if is_test(reading):
        return Act("test", "the connection")
    if "filter" in reading.parameters:
        return _found(reading)
    return _page(reading)


def _everywhere(reading: Reading) -> Act:
    if reading.endpoint and not reading.is_search:
        return Act("ask", "what this server can do")
    return _searched(reading, "for everything")


def _one(reading: Reading) -> Act:
    if reading.exchange.status == 304:
        return Act("ask", f"whether {reading.called} has changed: no")
    if reading.exchange.status == 404:
        return Act("look", f"for {reading.called}: there is none with this id")
    state = get(reading.resource, "active")
    told = ", who is deactivated" if state is False and reading.resource_type == "User" else ""
    without = get(reading.parameters, "excludedattributes") == "members"
    return Act("read", f"{reading.called}{told}{' without its members' if without else ''}")


def _found(reading: Reading) -> Act:
    checked = _checked(reading) or _of_member(reading)
    if checked:
        return checked
    attribute, value = looked_up(reading)
    if not attribute or isinstance(reading.filter, And) or reading.exchange.status == 400:
        return _searched(reading, f"for {_plural(reading)}")
    return Act("check", f"whether {_sought(reading, attribute, value)} exists{_answer(reading)}")


def _sought(reading: Reading, attribute: str, value: Any) -> str:
    told = plain(value)
    small = attribute.lower()
    if small == "username" and reading.resource_type == "User":
        return told or "a user without a userName"
    if small == "displayname":
        return f"the {reading.noun} {told}"
    return f"a {reading.noun} with the {LABELS.get(small, plain(attribute, 30))} {told}"


def _answer(reading: Reading) -> str:
    """Return what a look-up found: the next request follows from it."""
    total = reading.total
    if total is None:
        return ""
    if total == 0:
        is_push = reading.exchange.provider == "Okta" and reading.resource_type == "Group"
        verb = "pushes it" if is_push else f"creates the {reading.noun}"
        return f" before it {verb}: not yet" if reading.is_provider else ": no"
    if total > 1:
        return f": there are {number(total)}"
    name, sought = name_of(reading.resource), looked_up(reading)[1]
    is_same = isinstance(sought, str) and name.casefold() == sought.casefold()
    told = "" if is_same or not name or reading.resource_type != "User" else f", {plain(name)}"
    state = ", deactivated" if get(reading.resource, "active") is False else ""
    return f": yes{told}{state}"


def _checked(reading: Reading) -> Act | None:
    """Return the act of a reference check of Entra ID: ``id eq "x" and manager eq "y"``."""
    node = reading.filter
    if not isinstance(node, And) or len(node.terms) != 2:
        return None
    one = compared(node, "id")
    other, name = compared(node, "manager"), "the manager of"
    if other is None:
        other, name = compared(node, "members"), "a member of"
    if one is None or other is None:
        return None
    whom = reading.name(one)
    told = "" if reading.total is None else f": {'yes' if reading.total else 'no'}"
    return Act("check", f"whether {reading.name(other)} is {name} {whom}{told}")


def _of_member(reading: Reading) -> Act | None:
    """Return the act of a search for the groups of a user: ``members eq "x"``."""
    member = compared(reading.filter, "members") or compared(reading.filter, "members.value")
    if member is None or not isinstance(reading.filter, Comparison):
        return None
    told = (
        "" if reading.total is None else f": {number(reading.total) if reading.total else 'none'}"
    )
    return Act("ask", f"which {_plural(reading)} have {reading.name(member)} as a member{told}")


def _searched(reading: Reading, what: str) -> Act:
    text = plain(reading.parameters.get("filter", ""), 80)
    total = reading.total
    found = "" if total is None else f": {number(total) if total else 'none'} found"
    return Act("search", f"{what}{f' where {text}' if text else ''}{found}")


def _page(reading: Reading) -> Act:
    verb = "import" if reading.exchange.provider == "Okta" else "list"
    total, start = reading.total, reading.integer("startindex", 1)
    size = reading.integer("count") or len(reading.shown)
    page = (max(start, 1) - 1) // size + 1 if size else 1
    if reading.exchange.is_failed:
        return Act(verb, f"the {_plural(reading)}")
    if total == 0:
        return Act(verb, f"{_plural(reading)}: there are none")
    if total and reading.parameters.get("count") == "0":
        return Act("ask", f"how many {_plural(reading)} there are: {number(total)}")
    if "cursor" in reading.parameters:
        told = "the next page" if reading.parameters["cursor"] else "the first page"
        return Act(verb, f"{_plural(reading)}, {told}")
    if total is not None and page == 1 and size and total <= size:
        told = f"all {number(total)} {_plural(reading)}"
        return Act(verb, told if total > 1 else f"1 {reading.noun}, the only one")
    told = f"{_plural(reading)}, page {number(page)}"
    if total is None or not size:
        return Act(verb, told)
    is_behind = start > total
    return Act(verb, f"{told}{': no more' if is_behind else f' of {number(-(-total // size))}'}")


def _plural(reading: Reading) -> str:
    return counted(2, reading.noun).partition(" ")[2]
