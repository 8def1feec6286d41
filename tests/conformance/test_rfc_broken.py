"""No check of the RFCs is idle: each fails on one of these servers, which break rules."""

from collections.abc import Callable
from contextlib import closing

import pytest

from scim.conformance.checks import Client, Service, Status, load, run_checks

from ..support.broken import Breach, broken_server
from ..support.server import Server
from .breaches import (
    always,
    anybody,
    as_if_done,
    bare,
    below_one_is_the_second,
    choosy,
    errors_are_200,
    errors_say_nothing,
    first_result_only,
    garbled,
    ignoring,
    made_up,
    me_is,
    meddling,
    nothing_happens,
    odd_lists,
    of_bulk,
    of_resources,
    other_statuses,
    stored_though_refused,
    without_resources,
)
from .discovery_breaches import (
    no_claims,
    no_configuration,
    nothing_but_claims,
    of_discovery,
    paged_discovery,
    wrong_kinds,
    wrong_names,
)

SETUP = "nothing to check with"  # a check with this detail did not reach its rule
IDLE = {
    # Ours needs a token for discovery, so this check warns without a breach.
    "authentication_schemes_are_public",
}

BREACHES: dict[tuple[str, str], Callable[[Server], Breach]] = {
    ("filters are ignored", "values filter search cursors authentication patch groups"): ignoring(
        "filter"
    ),
    (
        "what is read is garbled",
        "authentication create values read projection put patch groups etag concurrency",
    ): of_resources(lambda body, sent: garbled(body), "GET"),
    ("discovery has wrong kinds", "discovery cursors"): of_discovery(wrong_kinds),
    (
        "errors are 200",
        "discovery errors create values filter search paging cursors put patch delete bulk etag me"
        " concurrency",
    ): always(errors_are_200),
    ("parameters are ignored", "projection sort paging search cursors"): ignoring(
        "attributes", "excludedAttributes", "sortBy", "startIndex", "count", "cursor"
    ),
    (
        "what is written is made up",
        "discovery create values projection put groups etag",
    ): of_resources(made_up, "POST", "PUT", "PATCH"),
    ("bulk is as if done", "bulk"): of_bulk(as_if_done),
    ("discovery says nothing", "discovery cursors"): always(nothing_but_claims),
    ("nothing happens", "put patch delete groups etag concurrency"): nothing_happens,
    ("discovery has wrong names", "discovery"): of_discovery(wrong_names),
    ("no headers", "authentication create read etag"): always(bare),
    ("the client is believed", "create values put"): of_resources(
        lambda body, sent: body | sent, "POST", "PUT"
    ),
    ("lists are odd", "filter paging search cursors"): always(odd_lists),
    ("lists are empty", "read filter paging search groups concurrency put delete"): always(
        without_resources
    ),
    ("PATCH meddles", "patch concurrency values groups"): meddling,
    ("anybody may do anything", "authentication groups bulk etag concurrency"): anybody,
    ("errors say nothing", "authentication errors"): always(errors_say_nothing),
    ("/Me is elsewhere", "me"): me_is(308),
    ("/Me is odd but for GET", "me"): me_is(501),
    ("/Me is forbidden", "me"): me_is(403),
    ("statuses are others", "create values read bulk concurrency etag put delete"): always(
        other_statuses
    ),
    ("discovery has pages", "discovery"): always(paged_discovery),
    ("nothing is claimed", "discovery"): always(no_claims),
    ("no configuration", "discovery"): always(no_configuration),
    ("ids are alike", "create read projection put patch delete concurrency"): of_resources(
        lambda body, sent: body | {"id": "bulkId:1"}, "POST"
    ),
    ("schemas are empty", "discovery"): of_discovery(lambda each: each | {"attributes": []}),
    ("bulk shows one result", "bulk"): always(first_result_only),
    ("what is refused is stored", "errors"): stored_though_refused,
    ("nothing is something", "values"): of_resources(
        lambda body, sent: body | {"nickName": "?", "phoneNumbers": ["?"]}, "POST"
    ),
    ("groups are made up", "groups"): of_resources(
        lambda body, sent: body | {"groups": [{"value": "1", "type": "indirect"}]}, "GET"
    ),
    ("what is allowed is refused", "create values read"): always(choosy),
    ("startIndex 0 is odd", "paging"): always(below_one_is_the_second),
}


@pytest.mark.slow
def test_every_check_can_fail(ours):
    """Each check runs until one of the servers fails it; this takes some seconds."""
    left = [check for check in load(["rfc"]) if check.name not in IDLE]
    for (_name, areas), breach in BREACHES.items():
        with (
            broken_server(ours.url, breach(ours)) as url,
            closing(Client(url, ours.token)) as client,
        ):
            meant = [check for check in left if check.area in areas.split()]
            service = Service(client)
            known = service.causes.known  # forgotten, or a second check would name the first one
            results = run_checks(meant, service, lambda _, known=known: known.clear())
        found = {
            result.check.name
            for result in results
            if result.status in (Status.FAILED, Status.WARNED) and SETUP not in result.detail
        }
        left = [check for check in left if check.name not in found]

    assert sorted(check.name for check in left) == []
