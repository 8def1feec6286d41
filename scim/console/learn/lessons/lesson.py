"""A lesson: an exercise, the people whom it needs first, and the check of the answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scim.protocol.headers import without_request
from scim.protocol.patch.target import PATCH_OP_SCHEMA

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER, GROUP = f"{CORE}:User", f"{CORE}:Group"
DOMAIN = "lesson.example"  # nobody's mail goes there (RFC 2606)
BLANK = "…"  # stands for what the person has to write


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one visitor's lessons use; ``tag`` tells them from everybody else's.

    ``ids`` are those of the people and groups that a lesson needs, by short names such as ``ana``.
    """

    tag: str
    ids: Mapping[str, str] = field(default_factory=dict)

    def user_name(self, who: str = "ana") -> str:
        return f"{who}.{self.tag}@{DOMAIN}"

    def group_name(self, name: str) -> str:
        return f"{name} (lesson {self.tag})"

    def id(self, who: str = "ana") -> str:
        return self.ids.get(who, "…")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of an exercise, as it stands in the form."""

    method: str
    target: str
    body: str = ""
    if_match: str = ""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0].rstrip("/")

    @property
    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        return _json(self.body)

    @property
    def is_unfinished(self) -> bool:
        """Whether there is still a … where the person should write something."""
        return BLANK in self.target or f'"{BLANK}"' in self.body

    @property
    def user_name(self) -> str:
        """The userName in the body, in small letters; empty if there is none."""
        body = self.json if isinstance(self.json, dict) else {}
        return next((str(body[each]) for each in body if each.lower() == "username"), "").lower()


@dataclass(frozen=True, slots=True)
class Got:
    """The answer to an exercise; with ``is_idle`` the request has changed nothing."""

    status: int
    body: str
    tolerances: Sequence[str] = ()
    is_idle: bool = False

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        found = _json(self.body)
        return found if isinstance(found, dict) else {}

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of a list."""
        return self.objects("Resources")

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return the objects in an array of the body; none if it is not there."""
        found = self.json.get(name)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def detail(self) -> str:
        return without_request(str(self.json.get("detail", "")))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an exercise is done, and what to say to the person.

    With ``is_there`` what the lesson makes is in the way, and a button deletes it.
    """

    passed: bool
    text: str
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; ``about`` is a line for the list of lessons.

    ``needs`` are the people who must be there, ``start`` is what the form begins with, ``solution``
    passes, and ``moral`` is what one has seen by then. ``blank`` is what the … in ``start`` stands
    for. ``makes`` are the endpoints and filters that find what the solution makes.
    """

    slug: str
    title: str
    about: str
    task: Callable[[Names], str]
    start: Callable[[Names], Sent]
    solution: Callable[[Names], Sent]
    check: Callable[[Names, Sent, Got], Verdict]
    moral: str
    needs: Sequence[str] = ()
    has_version: bool = False  # the form has a field for If-Match
    blank: str = "a value"
    makes: Callable[[Names], Sequence[tuple[str, str]]] = lambda _: ()


def written(value: Any) -> str:
    """Return JSON as people write it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def user(names: Names, who: str, **attributes: Any) -> dict[str, Any]:
    """Return the body of a user of a lesson."""
    return {"schemas": [USER], "userName": names.user_name(who), **attributes}


def patch(*operations: dict[str, Any]) -> str:
    """Return the body of a PATCH."""
    return written({"schemas": [PATCH_OP_SCHEMA], "Operations": operations})


def right(text: str) -> Verdict:
    return Verdict(True, text)


def wrong(text: str) -> Verdict:
    return Verdict(False, text)


def in_the_way(text: str) -> Verdict:
    """Return the verdict if an earlier try has made what this one should make."""
    return Verdict(False, text, is_there=True)


def refused(got: Got) -> Verdict:
    """Return what to say of an error that the exercise did not ask for."""
    return wrong(f"Not yet: the server refused it with {got.status}. It says: {got.detail}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
