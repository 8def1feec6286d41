"""Play a company's year through an identity provider, and summarize it."""

import time
from collections.abc import Callable
from itertools import groupby

from scim.printing import printable

from ..company.events import Event, Kind, Year
from ..company.year import WORKING_DAYS
from .administrator import Administrator
from .entra import EntraAdministrator
from .okta import OktaAdministrator

ADMINISTRATORS: dict[str, type[OktaAdministrator | EntraAdministrator]] = {
    "okta": OktaAdministrator,
    "entra": EntraAdministrator,
}
PROVIDERS = {"okta": "Okta", "entra": "Entra ID"}
TOLD = {
    Kind.HIRE: "hires",
    Kind.REHIRE: "re-hires",
    Kind.LEAVE: "leavers",
    Kind.MOVE: "moves",
    Kind.REORGANIZATION: "reorganizations",
    Kind.MISTAKE: "mistakes",
    Kind.REPAIR: "repairs",
}


def play(
    year: Year,
    administrator: Administrator,
    day_seconds: float,
    watch: Callable[[Event], None],
) -> None:
    """Play a year. A working day lasts ``day_seconds``, or longer if the server needs longer.

    :raises UnusableServerError: the server does not answer or refuses the token
    """
    days = {day: list(events) for day, events in groupby(year.events, lambda event: event.day)}
    for day in WORKING_DAYS:
        events = days.get(day, [])
        for event in events:
            watch(event)
            for step in event.steps:
                administrator.do(step)
            time.sleep(day_seconds / len(events))
        if events:
            administrator.end_day()
        else:
            time.sleep(day_seconds)


def summary(year: Year, idp: str, administrator: Administrator, seconds: float) -> str:
    """Return a few lines about the events, the requests and the first refusals."""
    company = year.after()
    told = ", ".join(f"{words} {year.count(kind)}" for kind, words in TOLD.items())
    lines = [
        f"{company.name}: {len(company.employed)} of {len(company.people)} people and "
        f"{len(company.groups)} groups are left after a year",
        f"  {told}",
        f"  {administrator.requests} requests of {PROVIDERS[idp]} in {seconds:.1f} s",
    ]
    if waited := administrator.waiting.seconds:
        lines.append(f"  {waited:,.0f} s of it spent waiting, since the server limits requests")
    if failures := list(administrator.failures):
        lines += [
            f"  {len(failures)} failed:",
            *(f"    {printable(failure)}" for failure in failures[:5]),
        ]
    return "\n".join(lines)
