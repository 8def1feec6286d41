"""One cause counts once, what may be absent is no failure, and a server that hangs is given up."""

import socket
import time
from collections import Counter
from contextlib import closing

import pytest

from scim.conformance.checks import Client, Level, Service, Status, load, run_checks

from ..support.broken import Answer, broken_server
from .conftest import a_check, outcomes


def without(name):
    """Return a breach: the server has no such endpoint, and does not say that it has."""

    def serve_others(asked, serve):
        if asked.path.startswith(name):
            return Answer(404)
        answer = serve(asked)
        if asked.path.startswith("/ResourceTypes") and "Resources" in answer.json:
            types = [each for each in answer.json["Resources"] if each["endpoint"] != name]
            return answer.having(answer.json | {"Resources": types, "totalResults": len(types)})
        return answer

    return serve_others


def claiming_groups(asked, serve):
    return Answer(404) if asked.path.startswith("/Groups") else serve(asked)


def with_config(**changes):
    """Return a breach: ServiceProviderConfig has other values, and none for None."""

    def change(asked, serve):
        answer = serve(asked)
        if not asked.path.startswith("/ServiceProviderConfig") or answer.status != 200:
            return answer
        changed = answer.json | changes
        return answer.having({name: value for name, value in changed.items() if value is not None})

    return change


def bare_lists(asked, serve):
    answer = serve(asked)
    is_list = asked.path.partition("?")[0] in ("/Schemas", "/ResourceTypes")
    return answer.having(answer.json["Resources"]) if is_list and answer.status == 200 else answer


def silent_posts(asked, serve):
    answer = serve(asked)
    return Answer(201) if (asked.method, answer.status) == ("POST", 201) else answer


def broken_posts(asked, serve):
    return Answer(500) if asked.method == "POST" else serve(asked)


def area(*names):
    return [check for check in load(["rfc"]) if check.area in names]


@pytest.fixture
def found(ours):
    """Run checks against a server that breaks a rule: ``found(breach, checks)``."""

    def run(breach, checks):
        with broken_server(ours.url, breach) as url, closing(Client(url, ours.token)) as client:
            return run_checks(checks, Service(client))

    return run


@pytest.mark.parametrize(
    ("breach", "areas", "failed"),
    [
        (with_config(authenticationSchemes=None), ["discovery"], 1),
        (with_config(patch=None), ["discovery"], 1),
        (with_config(bulk={"supported": False}), ["discovery"], 0),
        (without("/ServiceProviderConfig"), ["discovery", "cursors"], 1),
        (without("/Schemas"), ["discovery"], 1),
        (without("/ResourceTypes"), ["discovery"], 1),
        (bare_lists, ["discovery"], 2),
        (without("/Groups"), ["discovery", "groups"], 0),
        (claiming_groups, ["groups", "sort"], 1),
        (without("/Users/.search"), ["search"], 1),
        (silent_posts, ["read", "projection"], 1),
        (broken_posts, ["groups", "read", "sort"], 2),  # of /Users, and of /Groups
    ],
)
def test_one_cause_counts_once(found, breach, areas, failed):
    results = found(breach, area(*areas))

    counts = Counter(result.status for result in results)
    assert counts[Status.FAILED] == failed, outcomes(results, Status.FAILED)
    warned = {**outcomes(results, Status.WARNED)}
    assert len(warned) <= 3, warned
    assert "KeyError" not in " ".join(result.detail for result in results)


def test_skipped_check_names_the_cause_and_the_check_that_failed(found):
    results = found(broken_posts, area("sort", "read"))

    first = next(result for result in results if result.status is Status.FAILED)
    later = next(result for result in results if result.status is Status.SKIPPED)
    assert first.detail == "nothing to check with: POST /Users was answered 500 instead of 201"
    assert later.detail == f"not checked: POST /Users is answered 500; see “{first.check.title}”"


def test_operation_that_has_succeeded_fails_each_time(found):
    """Each refused body is a finding of its own, where others are taken."""

    def takes_no_title(asked, serve):
        has_title = asked.method == "POST" and "title" in (asked.body or {})
        return Answer(400) if has_title else serve(asked)

    def plain(service):
        service.new_user()

    def titled(service):
        service.new_user(title="Tour Guide")

    results = found(takes_no_title, [a_check(plain), a_check(titled), a_check(titled)])

    assert [result.status for result in results] == [Status.PASSED, Status.FAILED, Status.FAILED]


def test_server_that_breaks_down_is_told_once_until_it_works_again(found):
    asked_so_far = []

    def breaks_down(asked, serve):
        asked_so_far.extend([asked] if asked.method == "POST" else [])
        is_down = asked.method == "POST" and len(asked_so_far) in (2, 3, 5)
        return Answer(500) if is_down else serve(asked)

    def creates(service):
        service.new_user()

    results = found(breaks_down, [a_check(creates)] * 6)

    assert [result.status.value[0] for result in results] == [*"pfspfp"]


def test_recommendation_does_not_hide_a_rule(found):
    def creates(service):
        service.new_user()

    checks = [a_check(creates, level) for level in (Level.SHOULD, Level.MUST, Level.MUST)]
    results = found(broken_posts, checks)

    assert [result.status for result in results] == [Status.WARNED, Status.FAILED, Status.SKIPPED]


@pytest.fixture
def hanging():
    """A server that accepts connections and never answers, as its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/scim/v2"


def test_server_that_hangs_is_given_up(hanging):
    """After three time-outs nothing more is sent, not even to clean up."""
    begun = time.monotonic()
    with closing(Client(hanging, "t", timeout=0.2)) as client:
        results = run_checks(area("create"), Service(client))

    assert time.monotonic() - begun < 10
    assert results[0].status is Status.FAILED
    assert {result.status for result in results[3:]} == {Status.SKIPPED}
    assert "none, or not the whole of it, came within 0.2 seconds" in results[0].detail
    assert results[-1].detail == "not checked: the server has stopped answering"


def test_answer_makes_good_for_requests_without_one(found):
    """A server that breaks off each second request is not given up."""
    asked_so_far = []

    def breaks_off(asked, serve):
        asked_so_far.append(asked)
        if len(asked_so_far) % 2:
            raise ConnectionAbortedError
        return serve(asked)

    def looks(service):
        service.client.get("/Users?count=1")

    results = found(breaks_off, [a_check(looks)] * 10)

    assert [result.status for result in results].count(Status.SKIPPED) == 0
    assert Status.PASSED in [result.status for result in results]
