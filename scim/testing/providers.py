"""Okta and Entra ID, which tell a server what happens in a company."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from typing import Any

from scim.idp.company.events import (
    Company,
    Dismiss,
    Dissolve,
    Employ,
    Enter,
    Exit,
    Form,
    Person,
    Rename,
    Step,
    Update,
    Year,
)
from scim.idp.company.year import LEAST_PEOPLE, make_year
from scim.idp.demo.administrator import Administrator, UnusableServerError
from scim.idp.demo.play import play
from scim.idp.scim_client import Exchange

Kind = Callable[[Company, str, str], Administrator]

__tracebackhide__ = True  # pytest shows the test, and not what it called here


class Refused(AssertionError):
    """The server cannot be used, or refused what the identity provider sent."""


@dataclass
class Employer(Company):
    """A company whose people have addresses with this domain."""

    of_addresses: str = "example.com"

    @property
    def domain(self) -> str:
        return self.of_addresses


@dataclass(frozen=True)
class Directory:
    """What a server should have, by ``userName``; ``groups`` are by ``displayName``.

    Okta and Entra ID deactivate who leaves. ``requests`` is the number of their requests.
    """

    active: frozenset[str]
    inactive: frozenset[str]
    groups: Mapping[str, frozenset[str]]
    requests: int


class Provider(AbstractContextManager["Provider"]):
    """An identity provider that is connected to one server.

    People are named by the part of their address in front of the ``@``, groups by their names.
    Each method returns when the provider has told the server.

    :raises Refused: the server cannot be used; all other methods raise it, too
    """

    def __init__(self, kind: Kind, url: str, token: str, domain: str = "example.com") -> None:
        self._kind, self._place = kind, (url, token)
        self._company = Employer("Example", of_addresses=domain)
        self._administrator = kind(self._company, url, token)
        _check(self._administrator)

    def __exit__(self, *_: object) -> None:
        self._administrator.close()

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """The last thousand requests with their answers, the oldest first."""
        return list(self._administrator.client.exchanges)

    @property
    def directory(self) -> Directory:
        """What the server should have of the people and groups that were told to it."""
        return _directory(self._company, self._administrator)

    def hire(self, login: str, **known: Any) -> str:
        """Let a person come, or come back; return their ``userName``.

        ``known`` are ``given_name``, ``family_name``, ``department``, ``title``, ``number`` and
        ``manager``, another login.
        """
        people = self._company.people
        number = f"{len(people) + 1:05}"
        newcomer = Person(login, login.title(), "Example", number, "Sales", "Clerk", None)
        self._tell(Employ(replace(people.get(login, newcomer), **known)))
        return self._company.address(login)

    def change(self, login: str, **changed: Any) -> None:
        """Change what is known of a person: ``given_name``, ``title`` and the like."""
        self._check_people(login)
        self._tell(Update(replace(self._company.people[login], **changed)))

    def dismiss(self, login: str) -> None:
        """Let a person go, whom the provider then deactivates."""
        self._check_people(login)
        self._tell(Dismiss(login))

    def form(self, group: str, *logins: str) -> None:
        """Make a group with these members, and push it."""
        self._check_people(*logins)
        self._tell(Form(group, logins))

    def rename(self, group: str, name: str) -> None:
        """Give a group another name."""
        self._tell(Rename(self._key(group), name))

    def dissolve(self, group: str) -> None:
        """Delete a group."""
        self._tell(Dissolve(self._key(group)))

    def join(self, group: str, login: str) -> None:
        """Make a person a member of a group."""
        self._check_people(login)
        self._tell(Enter(self._key(group), login))

    def leave(self, group: str, login: str) -> None:
        """Take a person out of a group."""
        self._check_people(login)
        self._tell(Exit(self._key(group), login))

    def play(
        self, users: int = 20, seed: int = 1, days: int | None = None, groups: bool = True
    ) -> Directory:
        """Play the year of a made-up company, or its first days; return what must be left of it.

        In the first days, people are hired and groups formed; moves, leavers and mistakes follow.
        Another seed is another company. It has nothing to do with those who were hired one by one.
        Without ``groups`` no group is told.

        :raises ValueError: there are too few users
        """
        if users < LEAST_PEOPLE:
            raise ValueError(f"the smallest company has {LEAST_PEOPLE} users, not {users}")
        year = _part(make_year(seed, users), days, groups)
        with closing(self._kind(Company(year.name), *self._place)) as administrator:
            _check(administrator)
            _done(administrator, lambda: play(year, administrator, 0, lambda _: None))
        return _directory(year.after(), administrator)

    def _key(self, group: str) -> str:
        """Return the first name of a group, by which the company knows it."""
        keys = {name: key for key, name in self._company.group_names.items()}
        if group not in keys:
            raise LookupError(f"there is no group {group!r}: form it first")
        return keys[group]

    def _check_people(self, *logins: str) -> None:
        for login in logins:
            if login not in self._company.employed:
                raise LookupError(f"nobody called {login!r} works here: hire them first")

    def _tell(self, step: Step) -> None:
        def tell() -> None:
            self._administrator.do(step)
            self._administrator.end_day()

        _done(self._administrator, tell)
        self._company.apply([step])


def _check(administrator: Administrator) -> None:
    try:
        administrator.check()
    except (UnusableServerError, ValueError) as error:
        administrator.close()
        raise Refused(f"the server cannot be used: {error}") from None


def _done(administrator: Administrator, tell: Callable[[], None]) -> None:
    try:
        tell()
    except UnusableServerError as error:
        raise Refused(f"the server cannot be used any more: {error}") from None
    if failures := administrator.take_failures():
        raise Refused("\n".join(["the server refused:", *failures]))


def _part(year: Year, days: int | None, groups: bool) -> Year:
    """Return the events of the first days that have some; all of them for None."""
    chosen = sorted({event.day for event in year.events})[:days]
    first = [event for event in year.events if event.day in chosen]
    if not groups:
        first = [replace(event, steps=_of_people(event.steps)) for event in first]
    return Year(year.name, tuple(first))


def _of_people(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(each for each in steps if isinstance(each, Employ | Update | Dismiss))


def _directory(company: Company, administrator: Administrator) -> Directory:
    def named(logins: Sequence[str]) -> frozenset[str]:
        return frozenset(map(company.address, logins))

    groups = {company.group_names[key]: named(list(found)) for key, found in company.groups.items()}
    gone = [login for login in company.people if login not in company.employed]
    return Directory(named(list(company.employed)), named(gone), groups, administrator.requests)
