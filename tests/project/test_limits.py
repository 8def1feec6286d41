"""docs/limits.md names each limit with its setting and the default that the code has."""

import re
from dataclasses import fields

import pytest

from scim.deliver import outgoing
from scim.deliver.events import polling
from scim.deliver.outbox import batch, deliverer
from scim.deliver.webhooks import payloads
from scim.operate import assertions, brake, heard, limits, recorder
from scim.protocol import canonical, events, projection
from scim.protocol.filters import resolve
from scim.protocol.filters.parser import DEFAULT_LIMITS
from scim.protocol.patch import members, write
from scim.protocol.values import INTEGERS, MOST_COMBINING
from scim.provider import releasing
from scim.server import crew, exchange, parking, reception, worker
from scim.settings import Settings
from scim.storage import columns, deferred, noting
from scim.storage.database import budgets, engine, rehearsal

from ..support.server import ROOT

DEFAULTS = {f"SCIM_{each.name.upper()}": each.default for each in fields(Settings)}
TIMEOUT = DEFAULTS["SCIM_QUERY_TIMEOUT"]
KIB, MIB = 1024, 1024 * 1024
# The beginning of each row that has no setting, or more than one.
OTHERS = {
    "requests of a tenant in 10 seconds": Settings(env="production", token="a-token").rate.amount,
    "tokens of an address that are refused": limits.GUESSES.amount,
    "comparisons of the filters in a PATCH": write.MOST_COMPARISONS,
    "passwords that one process hashes": 1,
    "operations of a PATCH that go through all members": members.MOST_UNNAMED,
    "names of attributes at the top level": canonical.MOST_NAMES,
    "names in `attributes` or `excludedAttributes`": projection.MOST_NAMES,
    "combining characters in a row": MOST_COMBINING,
    "references that a DELETE removes": releasing.AT_ONCE,
    "bytes of a `userName`": columns.LONGEST_KEY,
    "bits of an integer": (INTEGERS.stop - INTEGERS.start).bit_length() - 1,
    "comparisons in a filter": DEFAULT_LIMITS.terms,
    "characters after `co`": resolve.LONGEST_PATTERN,
    "bytes of the form of an OAuth client": exchange.LONGEST_FORM,
    "public keys of an OAuth client": assertions.MOST_KEYS,
    "seconds from now until an assertion": assertions.LONGEST,
    "users that clients [deactivate or delete]": brake.LEAST["User"],
    "groups that clients empty or delete": brake.LEAST["Group"],
    "seconds until the headers have arrived": worker.HEADER_SECONDS,
    "headers of a request": 100,  # those that tests/server/test_exchange.py finds in Granian
    "bytes of a path with its query": 65_534,
    "connections of a worker": worker.MOST_CONNECTIONS,
    "chunks of a body": reception.MOST_CHUNKS,
    "bytes of all large bodies": reception.AT_ONCE,
    "milliseconds that a request computes alone": crew.PATIENCE * 1000,
    "bytes of the bodies of these": deferred.MOST_BYTES,
    "seconds that a request waits without a thread": parking.LONGEST,
    "requests of a worker that wait so": parking.MOST,
    "requests of a tenant among these": parking.MOST_EACH,
    "quick [receivers]": deliverer.QUICK,
    "slow receivers": deliverer.SLOW,
    "receivers in all": deliverer.MOST,
    "pauses of a message": len(batch.PAUSES),
    "security events in the answer": polling.LARGEST,
    "characters of the claims": polling.SIZE,
    "characters of an event with data": events.LARGEST,
    "members of a group in an event": events.AT_ONCE,
    "seconds for requests in progress": worker.STOPPING_SECONDS,
    "seconds of a write": budgets.WRITE_SHARE * TIMEOUT,
    "seconds of a [dry run]": rehearsal.LONGEST,
    "bytes of a body that are [recorded]": heard.MOST_BYTES,
    "statements of a request that are recorded": noting.MOST_STATEMENTS,
    "versions that a request made": noting.MOST_MADE,
    "requests of a worker that wait to be recorded": recorder.MOST_WAITING,
    "bytes that these take": recorder.MOST_BYTES,
    "seconds of a request to a webhook": outgoing.SECONDS,
    "bytes of a webhook's answer": outgoing.MOST_READ,
    "ids of members in a webhook's message": payloads.MEMBERS_SHOWN,
    "characters of `before` and `after`": payloads.LARGEST,
    "seconds that a webhook's `Retry-After`": batch.LONGEST_WAIT,
    "seconds that a write waits for another one on PostgreSQL": budgets.LOCK_SHARE * TIMEOUT,
    "seconds that a write waits for another one on SQLite": 2
    * engine.LONGEST_WAIT,  # process, file
}


def rows():
    """Return the cells of each row of the first table."""
    text = (ROOT / "docs/limits.md").read_text(encoding="utf-8").partition("\n## ")[0]
    lines = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in cells] for cells in lines[1:]]


def number(cell):
    """Return the number in a cell, with its unit: ``10 MiB``."""
    digits, unit = re.fullmatch(r"([\d,]+)(?: (KiB|MiB))?", cell).groups()
    return int(digits.replace(",", "")) * {"KiB": KIB, "MiB": MIB}.get(unit, 1)


def expected(limit, setting):
    """Return the default of a row of the table."""
    if named := re.fullmatch(r"`(\w+)`", setting):
        return DEFAULTS[named[1]]
    [begins] = [each for each in OTHERS if limit.startswith(each)]
    return OTHERS[begins]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_default_is_that_of_the_code(row):
    limit, setting, default, answer = row

    assert number(default) == expected(limit, setting)
    assert answer


def test_every_limit_is_there_once():
    named = [re.findall(r"SCIM_\w+", setting) for _, setting, _, _ in rows()]
    limiting = {
        name for name in DEFAULTS if "_MAX_" in name or name.endswith(("_TIMEOUT", "_LIMIT"))
    }

    assert {name for names in named for name in names} == limiting
    assert sum(not re.fullmatch(r"`\w+`", setting) for _, setting, _, _ in rows()) == len(OTHERS)


def test_filters_have_the_same_limits_without_settings():
    assert DEFAULT_LIMITS.length == DEFAULTS["SCIM_MAX_FILTER_LENGTH"]
    assert DEFAULT_LIMITS.depth == DEFAULTS["SCIM_MAX_FILTER_DEPTH"]
