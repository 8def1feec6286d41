"""No request, no client and no dead process takes the server away from the others.

A victim sends small requests, first undisturbed and then beside an attack. ``make steadfast`` runs
the same attacks in full size and prints a table.
"""

import time
from collections.abc import Callable
from functools import partial

import pytest

from . import connections, hostile, requests
from .conftest import LINES
from .sizes import IS_FULL, SIZE
from .target import Target
from .victim import Seen, watch

# The function prepares an attack and returns what is then done beside the victim.
ATTACKS: dict[str, Callable[[Target], Callable[[], None]]] = {
    "silent bodies": lambda target: partial(connections.send_silent_bodies, target),
    "answers that nobody reads": lambda target: partial(
        connections.read_no_answers, target, target.large_group()
    ),
    "half-open connections": lambda target: partial(connections.open_halves, target),
    "operations of a PATCH": requests.patch_with_many_operations,
    "passwords in a PATCH": requests.patch_many_passwords,
    "passwords in a bulk": requests.create_many_passwords,
    "value filters in a PATCH": requests.patch_with_value_filters,
    "members removed one by one": requests.remove_members_one_by_one,
    "terms in a filter": requests.search_with_many_terms,
    "groups in groups": requests.nest_groups,
    "a large user": requests.change_a_large_user,
    "a manager of many": requests.delete_a_manager,
    "hostile requests": lambda target: partial(hostile.send_hostile_requests, target),
    "killed workers": lambda target: partial(connections.kill_workers, target),
}
# Everyday runs make the others on SQLite, where one write holds up all others.
ON_POSTGRESQL = {"terms in a filter", "hostile requests"}
PAIRS = [
    (attack, database)
    for database in ("sqlite", "postgresql")
    for attack in ATTACKS
    if IS_FULL or (database == "postgresql") == (attack in ON_POSTGRESQL)
]
# Bounds for the victim, generous: tests run beside each other, on slow machines, too.
SLOWER = 20  # times the undisturbed median, or
QUICK = 300  # milliseconds
LONGEST = 3_000  # milliseconds for one request


@pytest.mark.slow
@pytest.mark.parametrize(("attack", "new_database"), PAIRS, indirect=["new_database"])
def test_others_are_served_beside(steady, new_database, attack):
    strike = ATTACKS[attack](steady)
    victim = partial(watch, steady.server.url, steady.server.token, steady.victim_id)
    undisturbed = victim(lambda: time.sleep(SIZE.rest))
    beside = victim(strike)
    database = steady.server.database_url.partition(":")[0].partition("+")[0]
    LINES.append(f"{attack:28}{database:11}{undisturbed}  {beside}   {dict(beside.statuses)}")

    # A dead worker was answering these; everyday machines take longer to replace it.
    broken = SIZE.kills * (2 if IS_FULL else 4) if attack == "killed workers" else 0
    check(undisturbed, beside, broken)


def check(undisturbed: Seen, beside: Seen, broken: int) -> None:
    assert set(undisturbed.statuses) == {200}
    assert set(beside.statuses) <= {0, 200}, beside.statuses
    assert beside.statuses[0] <= broken
    assert beside.at(0.5) <= max(SLOWER * undisturbed.at(0.5), QUICK)
    assert beside.at(1) <= LONGEST, f"{beside} beside, {undisturbed} undisturbed"
