"""RFC 7644 §3.5.2 for one random PATCH after another: whole or not at all, and always legal."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from tests.support.tries import tries

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.errors import check_error, detail_of
from ..support.legality import faults
from ..support.patches import PEOPLE, TAKEN, histories
from ..support.scim import add, group, listed, patch_op, path_of, user

ROWS = (
    *(f"SELECT * FROM {name}" for name in ("users", "groups", "link", "nesting", "referrals")),
    *(f"SELECT count(*) FROM {name}" for name in ("changes", "member_changes")),
)
SCIM_TYPES = {
    400: {
        "invalidFilter",
        "invalidPath",
        "invalidSyntax",
        "invalidValue",
        "mutability",
        "noTarget",
    },
    409: {"uniqueness"},
}
LISTS = {
    attribute.name.lower()
    for attribute in USER.attributes
    if attribute.multi_valued and any(each.name == "value" for each in attribute.sub_attributes)
}
FAILED = re.compile(r"Operations\[(\d+)\]")
# Details that name no operation: these rules are judged when all operations are done.
JUDGED_AT_THE_END = re.compile(
    r"\w+ (is required; give it a value|has more than one primary value; keep one)"
    r"|\w+ (is already in use|is longer than 2000 bytes)(; .*)?"
    r"|userName has the invisible character U\+[0-9A-F]{4,6}; remove it"
    r"|the body is not JSON: an object has the same name twice, if only in different case"
)


@dataclass(frozen=True)
class State:
    """The answer to a GET, and the rows of all resources."""

    text: bytes
    rows: list[Any]

    @property
    def resource(self):
        return json.loads(self.text)

    @property
    def representation(self):
        return {name: value for name, value in self.resource.items() if name != "meta"}

    @property
    def version(self):
        return self.resource["meta"]["version"], self.resource["meta"]["lastModified"]


class Patching:
    """A resource and the PATCHes sent to it; after each, all that must be true is checked."""

    def __init__(self, scim, engine, created, ids):
        self.scim = scim
        self.engine = engine
        self.path = path_of(created)
        self.ids = ids
        self.first = self.state = self.look()

    def look(self):
        response = self.scim.get(self.path)
        meta = response.json["meta"]
        assert response.headers.get("ETag") in (meta["version"], None)
        assert response.headers["Content-Location"] == meta["location"]
        with self.engine.connect() as connection:
            rows = [sorted(map(repr, connection.exec_driver_sql(statement))) for statement in ROWS]
        return State(response.data, rows)

    def send(self, operations):
        return self.scim.send("PATCH", self.path, with_ids(patch_op(*operations), self.ids))

    def patch(self, operations):
        answer, before = self.send(operations), self.state
        self.state = self.look()
        if answer.status_code == 200:
            self.check_done(answer, operations, before)
        else:
            self.check_refused(answer, operations, before)
        return answer

    def check_done(self, answer, operations, before):
        resource = self.state.resource
        assert list(faults(resource, resource["meta"]["resourceType"])) == []
        assert answer.json == resource
        assert answer.headers.get("ETag") in (resource["meta"]["version"], None)
        self.check_version(operations, before)
        if is_repeatable(operations):
            again = self.send(operations)
            assert (again.status_code, again.data) == (200, answer.data)
            assert self.look() == self.state
        drops = "empty_elements" in answer.headers.get("SCIM-Tolerances", "")
        if len(operations) == 1 and not drops and (outcome := outcome_of(operations[0])):
            assert self.is_found(outcome), outcome

    def check_version(self, operations, before):
        """Version and lastModified move with what is shown, and with a password, which is not."""
        moved = [old != new for old, new in zip(before.version, self.state.version, strict=True)]
        changed = before.representation != self.state.representation
        assert moved in ([changed] * 2, [changed or sets_password(operations)] * 2)

    def check_refused(self, answer, operations, before):
        assert answer.status_code in SCIM_TYPES, answer.text
        scim_type = answer.json["scimType"]
        assert scim_type in SCIM_TYPES[answer.status_code]
        detail = check_error(answer, answer.status_code, scim_type)
        assert self.state == before
        if failed := FAILED.match(detail):
            until_then = self.send(operations[: int(failed[1]) + 1])
            if not JUDGED_AT_THE_END.fullmatch(detail_of(until_then)):
                assert check_error(until_then, answer.status_code, scim_type) == detail
        else:
            assert JUDGED_AT_THE_END.fullmatch(detail), detail

    def check_found(self):
        """Check that filters see what has changed, and nothing of what is gone."""
        first, resource = self.first.resource, self.state.resource
        changed = [name for name in resource if resource[name] != first.get(name)]
        conditions = [text for name in changed for text in equalities(name, resource[name])]
        conditions += [f"not ({name} pr)" for name in first if name not in resource]
        for start in range(0, len(conditions), 15):
            assert self.is_found(*conditions[start : start + 15])

    def is_found(self, *conditions):
        resource = self.state.resource
        text = " and ".join([f'id eq "{resource["id"]}"', *conditions])
        query = {"filter": with_ids(text, self.ids), "attributes": "id"}
        endpoint = f"/scim/v2/{resource['meta']['resourceType']}s"
        response = self.scim.client.get(endpoint, query_string=query)
        assert response.status_code == 200, response.text
        return response.json["totalResults"] == 1


def with_ids(document, ids):
    text = json.dumps(document)
    for person, person_id in ids.items():
        text = text.replace(person, person_id)
    return json.loads(text)


def sets_password(operations):
    return "password" in json.dumps(operations).lower()


def is_repeatable(operations):
    """Tell whether operations that have been done must change nothing when they are done again."""
    replaces = all(operation["op"].lower() == "replace" for operation in operations)
    paths = [path for operation in operations for path in paths_in(operation)]
    plain = "[" not in "".join(paths)
    return plain and (replaces or len(paths) == 1) and not sets_password(operations)


def paths_in(operation):
    path = operation.get("path")
    return list(operation["value"]) if path is None else [path]


def outcome_of(operation):
    """Return a filter that is true once an operation is done; None if that is hard to say."""
    path, value = operation.get("path"), operation.get("value")
    if path in (None, "schemas") or "]." in path or sets_password([operation]):
        return None
    name, _, below = path.lower().rpartition(":")[2].partition(".")
    if name in LISTS and below not in ("", "value"):  # an element without a value is dropped
        return None
    if operation["op"].lower() == "remove":
        removed = path if "[" in path else f"{path} pr"
        return f"not ({removed})" if value is None else None  # a tolerance reads [] as nobody
    tells = isinstance(value, str | bool) and value != "" and "[" not in path
    return f"{path} eq {json.dumps(value, ensure_ascii=False)}" if tells else None


def equalities(path, value):
    """Yield filters that together say what the value of an attribute is."""
    if isinstance(value, dict):
        between = ":" if path == ENTERPRISE_USER_SCHEMA else "."
        for name, member in value.items():
            yield from equalities(f"{path}{between}{name}", member)
    elif not isinstance(value, list):
        yield f"{path} eq {json.dumps(value, ensure_ascii=False)}"
    elif path == "schemas":
        yield from (f"schemas eq {json.dumps(urn)}" for urn in value)
    else:
        for item in value:
            within = (
                f"{name} eq {json.dumps(member, ensure_ascii=False)}"
                for name, member in item.items()
            )
            yield f"{path}[{' and '.join(within)}]"


@pytest.fixture(params=["tolerant", "strict", "strict tenant"])
def strictness(request, choose, without_tolerances):
    """Accept what providers send, or only what the RFCs have, or even less, as the profile does."""
    if request.param == "strict":
        without_tolerances()
    choose(strict=request.param == "strict tenant")


@pytest.fixture
def play(scim, engine, strictness):
    """Create a resource, send it one PATCH after another, and return the answers."""
    people = {name: scim.create(user(name[1:-1], displayName=name[1:-1])) for name in PEOPLE}
    tours = scim.create(group("Tours", people["<ada>"]))
    crowd = scim.create(group("Crowd", *people.values()))
    members = people | {"<tours>": tours, "<crowd>": crowd}
    ids = {name: member["id"] for name, member in members.items()}
    scim.create(user(TAKEN))
    scim.create(group(TAKEN, externalId=TAKEN))

    def play(history):
        document = with_ids(history.document, ids)
        created = scim.create((user() if "userName" in document else group()) | document)
        try:
            scim.patch(path_of(crowd), add("members", listed(created)))
            patching = Patching(scim, engine, created, ids | {"<self>": created["id"]})
            answers = [patching.patch(operations) for operations in history.requests]
            patching.check_found()
        finally:
            scim.delete(path_of(created))
        return answers

    return play


# The fixtures are not made anew for each example; what an example makes, it deletes.
shared = settings(
    max_examples=tries(15),  # on each of two databases
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EVERYDAY_ON_ONE_DATABASE
@shared
@given(history=histories("User"))
def test_user_is_legal_whatever_is_patched(play, history):
    play(history)


@EVERYDAY_ON_ONE_DATABASE
@shared
@given(history=histories("Group"))
def test_group_is_legal_whatever_is_patched(play, history):
    play(history)


@ON_ONE_DATABASE
@pytest.mark.parametrize("strictness", ["tolerant"], indirect=True)
def test_generated_patches_are_done_and_refused_for_many_reasons(play):
    outcomes = Counter()

    # Hypothesis takes constants from the modules that are loaded, so the share is not a fixed one.
    @settings(max_examples=60, phases=[Phase.generate], derandomize=True, database=None)
    @given(histories("User"))
    def measure(history):
        outcomes.update(answer.json.get("scimType", "done") for answer in play(history))

    measure()

    assert 1 / 3 < outcomes["done"] / outcomes.total() < 9 / 10
    assert len(outcomes) > 4


META = {
    "resourceType": "User",
    "created": "2011-05-13T04:42:34Z",
    "lastModified": "2011-05-13T04:42:34Z",
    "location": "http://localhost/scim/v2/Users/1",
    "version": 'W/"1"',
}
LEGAL = {"schemas": [USER_SCHEMA], "id": "1", "userName": "bjensen", "meta": META}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"shoeSize": "42"}, "shoeSize"),
        ({"nickname": "Babs"}, "nickname"),
        ({"name": {"shoeSize": "42"}}, "name.shoeSize"),
        ({"title": None}, "title"),
        ({"title": 7}, "title"),
        ({"active": "True"}, "active"),
        ({"active": 1}, "active"),
        ({"name": {}}, "name"),
        ({"emails": []}, "emails"),
        ({"emails": {"value": "x"}}, "emails"),
        ({"emails": [{}]}, "emails[0]"),
        ({"emails": [{"value": "x", "primary": True}, {"primary": True}]}, "emails"),
        ({"emails": [{"value": "x"}, {"value": "x"}]}, "emails"),
        ({"userName": ""}, "userName"),
        ({"password": "x"}, "password"),
        ({"x509Certificates": [{"value": "TWE=="}]}, "x509Certificates[0].value"),
        ({"groups": [{"value": "1", "$ref": "../Groups/1"}]}, "groups[0].$ref"),
        ({ENTERPRISE_USER_SCHEMA: {"department": "Tours"}}, "schemas"),
        ({"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]}, "schemas"),
        ({"meta": META | {"created": "2011-05-13"}}, "meta.created"),
        ({"meta": META | {"lastModified": "2011-05-13T04:42:33Z"}}, "meta.lastModified"),
        ({"meta": META | {"location": "http://localhost/scim/v2/Users/2"}}, "meta.location"),
        ({"meta": {"resourceType": "User"}}, "meta.version"),
    ],
)
def test_checker_sees_what_is_not_legal(changes, place):
    assert not list(faults(LEGAL, "User"))
    assert any(fault.startswith(f"{place}: ") for fault in faults(LEGAL | changes, "User"))
