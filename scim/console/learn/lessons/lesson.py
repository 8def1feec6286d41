"""What a lesson consists of: an exercise, what it needs first, and the check of the answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
USER, GROUP, PATCH_OP = f"{CORE}:User", f"{CORE}:Group", f"{MESSAGES}:PatchOp"
DOMAIN = "lesson.example"  # nobody's mail goes there (RFC 2606)


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


@dataclass(frozen=True, slots=True)
class Got:
    """The answer to an exercise."""

    status: int
    body: str
    tolerances: Sequence[str] = ()

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        found = _json(self.body)
        return found if isinstance(found, dict) else {}

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of a list."""
        found = self.json.get("Resources")
        listed = found if isinstance(found, list) else []
        return [each for each in listed if isinstance(each, dict)]

    @property
    def detail(self) -> str:
        return str(self.json.get("detail", ""))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an exercise is done, and what to say to the person."""

    passed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; ``about`` is a line for the list of lessons.

    ``needs`` are the people who must be there, ``start`` is what the form begins with, ``solution``
    passes, and ``moral`` is what one has seen by then.
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


def written(value: Any) -> str:
    """Return JSON as people write it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def user(names: Names, who: str, **attributes: Any) -> dict[str, Any]:
    """Return the body of a user of a lesson."""
    return {"schemas": [USER], "userName": names.user_name(who), **attributes}


def patch(*operations: dict[str, Any]) -> str:
    """Return the body of a PATCH."""
    return written({"schemas": [PATCH_OP], "Operations": operations})


def right(text: str) -> Verdict:
    return Verdict(True, text)


def wrong(text: str) -> Verdict:
    return Verdict(False, text)


def refused(got: Got) -> Verdict:
    """Return what to say of an error that the exercise did not ask for."""
    return wrong(f"Not yet: the server refused it with {got.status}. It says: {got.detail}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
