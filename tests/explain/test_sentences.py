"""Sentences about exchanges: a wrong one would tell an administrator a wrong story."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.explain.bodies import names, subject
from scim.explain.exchange import Check, Exchange, Made, Message, Statement
from scim.explain.sentences.sentence import said, sentence
from scim.explain.sentences.tolerances import WORDS
from scim.protocol.tolerance import Tolerance

from ..support.tries import tries
from .traffic import RECORDINGS, exchange, recorded

JANE = {
    "id": "01a2b3c4-0000",
    "userName": "jane@example.com",
    "displayName": "Jane Berg",
    "active": True,
}
SALES = {"id": "99", "displayName": "Sales", "schemas": []}
USER = "/Users/01a2b3c4-0000"


def read_tables(text):
    """Return the lines of each part of a text; a part begins with its name and a blank line."""
    parts = (part.partition("\n\n") for part in text.strip().split("\n\n\n"))
    return {name: rest.split("\n") for name, _, rest in parts}


def found(*resources, total=None):
    return {
        "totalResults": len(resources) if total is None else total,
        "Resources": list(resources),
    }


def patch(*operations):
    return {"schemas": [], "Operations": list(operations)}


def error(detail, scim_type=None):
    return {"detail": detail, "scimType": scim_type}


LOOK_UP = '/Users?filter=userName eq "jane%40example.com"&startIndex=1&count=100'
GROUP = "/Groups/99"
TAKEN = error("userName is already in use", "uniqueness")
MISSING = error("this endpoint does not exist; did you mean http://x/scim/v2/Users?")


def members(op, *values):
    return patch({"op": op, "path": "members", "value": list(values)})


def got(path, answered=None, status=200, **others):
    return exchange("GET", path, None, status, answered, **others)


def patched(path, op, value=None, status=200, answered=JANE, **others):
    sent = patch({"op": op, "path": path, "value": value})
    return exchange("PATCH", USER, sent, status, answered, **others)


def pushed(sent, status=200, answered=SALES, **others):
    return exchange("PATCH", GROUP, sent, status, answered, **others)


CASES = [
    (got(LOOK_UP, found()), "Okta checks whether jane@example.com exists before it creates"),
    (got(LOOK_UP, found()), "the user: not yet."),
    (got(LOOK_UP, found(), provider=""), "A client checks whether jane@example.com exists: no."),
    (got(LOOK_UP, found(), provider="curl"), "curl checks whether jane@example.com exists: no."),
    (got("/", None, 200, base="", provider="a browser"), "A browser opens the page of this"),
    (got("/Users?count=1", found(), provider="a Python program"), "A Python program lists users"),
    (got(LOOK_UP, found(JANE)), "Okta checks whether jane@example.com exists: yes, Jane Berg."),
    (got(LOOK_UP, found(JANE | {"active": False})), "exists: yes, Jane Berg, deactivated."),
    (got(LOOK_UP, found(JANE, JANE)), "exists: there are 2."),
    (
        got(LOOK_UP, error("busy"), 503),
        "Okta could not check whether jane@example.com exists: busy.",
    ),
    (
        got('/Groups?filter=displayName eq "Sales"', found(), provider="Entra ID"),
        "Entra ID checks whether the group Sales exists before it creates the group: not yet.",
    ),
    (
        got('/Users?filter=emails[type eq "work"].value eq "j@b.c"', found(JANE)),
        "Okta checks whether a user with the work address j@b.c exists: yes, Jane Berg.",
    ),
    (
        got('/Users?filter=id eq "1" and manager eq "2"&attributes=id', found(total=1)),
        "Okta checks whether 2 is the manager of 1: yes.",
    ),
    (
        got('/Groups?filter=id eq "1" and members eq "2"', found()),
        "Okta checks whether 2 is a member of 1: no.",
    ),
    (got('/Groups?filter=members eq "2"', found()), "which groups have 2 as a member: none."),
    (got('/Users?filter=title eq "x"', found()), 'searches for users where title eq "x": none'),
    (got("/Users?filter=userName", error("position 9: expected an operator"), 400), "could not"),
    (got("/Users?startIndex=1&count=2", found(JANE)), "Okta tests the connection."),
    (got("/Users?count=1", found(JANE), provider=""), "A client lists 1 user, the only one."),
    (
        got('/Users?filter=userName eq "b8f3c1de-5e0a-4c57-9f55-0d5d6a8f1c11"', found()),
        "Okta tests the connection.",
    ),
    (got("/Users?startIndex=201&count=100", found(total=1240)), "imports users, page 3 of 13."),
    (got("/Users?startIndex=1301&count=100", found(total=1240)), "page 14: no more."),
    (got("/Groups?startIndex=1&count=100", found()), "Okta imports groups: there are none."),
    (got("/Users?count=0", found(total=1240)), "Okta asks how many users there are: 1,240."),
    (got("/Users?cursor=abc", found(JANE)), "Okta imports users, the next page."),
    (got(USER, JANE), "Okta reads Jane Berg."),
    (got(USER, JANE | {"active": False}), "Okta reads Jane Berg, who is deactivated."),
    (got(USER, None, 304), "Okta asks whether the user 01a2b3c4-000… has changed: no."),
    (got("/Users/7", error("there is no User"), 404), "looks for the user 7: there is none with"),
    (got(f"{GROUP}?excludedAttributes=members", SALES), "reads the group Sales without its mem"),
    (got("/Devices/7", {"id": "7", "displayName": "Lamp"}), "Okta reads the Device Lamp."),
    (got("/Me", JANE), "Okta reads the user whom its token names (/Me): Jane Berg."),
    (got("/Me", error("this token names no user"), 501), "(/Me): this token names no user."),
    (got("/ServiceProviderConfig", {}), "Okta asks what this server can do."),
    (got("/Schemas/x", error("'x' does not exist"), 404), "Schemas/x, which does not exist here."),
    (
        got("/users", MISSING, 404),
        "Okta asks for /scim/v2/users, which does not exist here; /scim/v2/Users does.",
    ),
    (got("/x", error(""), 404, base=""), "Okta asks for /x, which does not exist here."),
    (got("/", None, 200, base="", provider=""), "A client opens the page of this server."),
    (exchange("PUT", "/Users", {}, 405), "sends PUT to /scim/v2/Users, which does not take it."),
    (got("/Users", {}, 401), "Okta is refused: the token is not known here."),
    (got("/Users", {}, 401, provider=""), "Refused: the token is not known here."),
    (got("/Users", {}, 401, request=Message()), "Okta is refused: the request has no token."),
    (got("/Users", error("wait"), 429), "Okta could not import the users: wait."),
    (got("/Users", None, 500), "import the users: the server failed; its log has the reason."),
    (
        exchange("POST", "/.search", {"filter": "title pr"}, 200, found()),
        "for everything where title",
    ),
    (exchange("POST", "/Users/.search", {"count": 5}, 200, found(JANE)), "imports 1 user, the on"),
    (exchange("POST", "/Users", {"userName": "x"}, 201, JANE), "creates the user Jane Berg."),
    (
        exchange("POST", "/Users", JANE, 409, TAKEN),
        "Okta could not create the user Jane Berg (jane@example.com): the userName is taken.",
    ),
    (exchange("POST", "/Users", "no JSON", 400, error("not JSON")), "create a user: not JSON."),
    (
        exchange("POST", "/Users", JANE, 201, JANE, applied="dry-run"),
        "Okta would create the user Jane Berg.",
    ),
    (exchange("PUT", USER, JANE, 200, JANE), "Okta updates the profile of Jane Berg."),
    (exchange("PUT", USER, JANE | {"active": False}), "Okta deactivates Jane Berg."),
    (exchange("PUT", USER, JANE | {"password": "••••"}), "of Jane Berg and sets a new password."),
    (exchange("PUT", USER, JANE, 412, error("x")), "Jane Berg: it has been changed meanwhile."),
    (exchange("DELETE", USER, None, 204), "Okta deletes the user 01a2b3c4-000…."),
    (exchange("DELETE", "/Users/7", None, 404), "could not delete the user 7: there is no such us"),
    (exchange("POST", "/Groups", SALES, 201, SALES), "Okta pushes the group Sales."),
    (exchange("PUT", GROUP, SALES | {"members": []}), "pushes the group Sales without members."),
    (exchange("PUT", GROUP, SALES | {"members": [1, 2]}), "the group Sales with 2 members."),
    (exchange("POST", "/Devices", {"displayName": "Lamp"}, 201), "creates the Device Lamp."),
    (patched("active", "Replace", "False"), "Okta deactivates Jane Berg."),
    (patched(None, "replace", {"active": True}), "Okta reactivates Jane Berg."),
    (patched(None, "replace", {"password": "••••"}), "sets a new password for Jane Berg."),
    (
        patched('emails[type eq "work"].value', "Replace", "x", tolerated=["created_value_path"]),
        "Okta makes the work address of Jane Berg because there was none.",
    ),
    (patched("title", "add", "Guide"), 'Okta sets the title of Jane Berg to "Guide".'),
    (patched("title", "add", "••••"), "Okta sets the title of Jane Berg."),
    (patched("title", "remove"), "Okta removes the title of Jane Berg."),
    (patched("urn:x:User:manager", "Replace", ""), "Okta removes the manager of Jane Berg."),
    (patched("urn:x:User:manager", "Add", {"value": "7"}), "sets the manager of Jane Berg."),
    (patched("roles", "Add", [1, 2]), "Okta adds 2 roles to Jane Berg."),
    (patched("emails", "remove"), "Okta removes all addresses of Jane Berg."),
    (
        patched(None, "replace", {"name.givenName": "J", "displayName": "J"}),
        "Okta updates the profile of Jane Berg: given name and display name.",
    ),
    (patched("title", "move"), "Okta changes Jane Berg."),
    (
        patched("title", "add", "x", 400, error("Operations[0]: title is read-only; leave it")),
        'set the title of the user 01a2b3c4-000… to "x": title is read-only.',
    ),
    (
        patched("title", "add", "x", applied="dry-run"),
        'Okta would set the title of Jane Berg to "x".',
    ),
    (exchange("PATCH", USER, patch(), 200, JANE), "sends a PATCH of Jane Berg without operations"),
    (pushed(members("add", {"value": "1", "display": "Ken"})), "adds Ken to the group Sales."),
    (pushed(members("add", *[{"value": str(n)} for n in range(3)])), "adds 3 members to the gro"),
    (pushed(members("remove", {"value": "1"})), "Okta removes 1 member from the group Sales."),
    (pushed(members("remove")), "Okta removes all members of the group Sales."),
    (pushed(members("replace")), "Okta removes all members of the group Sales."),
    (pushed(members("replace", {"value": "1"})), "sets the members of the group Sales: 1 member."),
    (pushed(patch({"op": "remove", "path": 'members[value eq "1"]'})), "removes 1 member from"),
    (
        pushed(patch({"op": "replace", "value": {"id": "99", "displayName": "Sales"}})),
        "Okta names the group Sales.",
    ),
    (
        pushed(
            members("add", {"value": "1"}),
            400,
            error("Operations[0]: members: there is no user or group with the id '1'"),
        ),
        "add 1 member to the group 99: there is no user or group with the id '1'.",
    ),
    (
        exchange("POST", "/Bulk", patch({}, {}), 200, {"Operations": [{"status": "201"}] * 2}),
        "Okta sends 2 operations in one request; all were done.",
    ),
    (
        exchange("POST", "/Bulk", patch({}, {}), 200, patch({"status": "201"}, {"status": "409"})),
        "Okta sends 2 operations in one request; 1 was done.",
    ),
    (
        exchange("POST", "/Bulk", patch({}), 200, patch({"status": "201"}), applied="dry-run"),
        "Okta would send 1 operation in one request; it would be done.",
    ),
    (exchange("POST", "/Bulk", patch({}), 413, error("too many; send less")), "request: too many."),
    (got(USER, JANE, token="console", provider=""), "The console reads Jane Berg."),
    (got(USER, JANE, provider="the checks"), "The checks read Jane Berg."),
    (exchange("POST", "/Users", JANE, 201, JANE, token="check"), "The checks create the user Jane"),
    (exchange("POST", "/Users", JANE, 409, TAKEN, token="check"), "The checks could not create"),
    (got("/Users", {}, 401, provider="the checks"), "The checks are refused: the token is not"),
    (got("/x", error(""), 404, base="", provider="the checks"), "The checks ask for /x, which"),
    (got(LOOK_UP, found(), token="check"), "The checks check whether jane@example.com exists: no."),
    (
        exchange("POST", "/Users", JANE | {"displayName": "<b>" + "x" * 10_000}, 409, TAKEN),
        "create the user <b>" + "x" * 57 + "… (jane@example.com): the userName is taken.",
    ),
    (got(USER, JANE | {"displayName": "\u202ee\nr"}), "Okta reads \\u202ee r."),
]


@pytest.mark.parametrize(("case", "told"), CASES)
def test_exchange_in_a_sentence(case, told):
    assert told in sentence(case)
    assert sentence(case).startswith(told) or not told.startswith(("Okta", "A ", "Entra"))


def test_names_known_from_elsewhere():
    known = names([got(USER, JANE), got(GROUP, SALES)])

    assert known == {JANE["id"]: "Jane Berg", "99": "Sales"}
    deleted = exchange("DELETE", USER, None, 204)
    assert sentence(deleted, known) == "Okta deletes Jane Berg."
    added = pushed(members("Add", {"value": JANE["id"]}))
    assert sentence(added, known) == "Okta adds Jane Berg to the group Sales."


def test_cut_body_tells_what_is_whole():
    whole = json.dumps(SALES | {"members": [{"value": str(number)} for number in range(9)]})
    cut = Message(body=whole[:-70], size=len(whole), is_cut=True)

    told = sentence(exchange("PUT", GROUP, None, 200, SALES, request=cut))

    assert told == "Okta pushes the group Sales with at least 4 members."


def test_member_has_the_known_name_whoever_joins_or_leaves():
    joins = members("add", {"value": JANE["id"], "display": "jane@example.com"})
    leaves = patch({"op": "remove", "path": f'members[value eq "{JANE["id"]}"]'})
    known = {JANE["id"]: "Jane Berg"}

    assert sentence(pushed(joins), known) == "Okta adds Jane Berg to the group Sales."
    assert sentence(pushed(leaves), known) == "Okta removes Jane Berg from the group Sales."


def test_name_that_okta_repeats_with_its_members_is_not_told():
    named = {"op": "replace", "value": {"id": "99", "displayName": "Sales"}}
    added = {"op": "add", "path": "members", "value": [{"value": "1", "display": "Ken"}]}

    assert sentence(pushed(patch(named, added))) == "Okta adds Ken to the group Sales."


RAN = [Statement("SELECT 1", 0.1)]
CHANGED = [Made("User", "01a2b3c4-0000", 2, "patch")]


@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_write_that_made_no_version_changes_nothing(method, status):
    sent = patch({"op": "replace", "value": {"active": True}}) if method == "PATCH" else JANE
    told = "reactivates" if method == "PATCH" else "updates the profile of"
    made = exchange(method, USER, sent, status, JANE, statements=RAN)

    assert sentence(made) == f"Okta {told} Jane Berg; that changes nothing."
    for each in (
        replace(made, statements=()),
        replace(made, made=CHANGED),
        replace(made, applied="dry-run"),
        replace(made, status=500),
        replace(made, method="DELETE"),
    ):
        assert "changes nothing" not in sentence(each)


SAID = [
    (patched("title", "add", "x", tolerated=["bare_token"]), []),
    (
        patched("active", "add", "True", tolerated=["text_booleans"]),
        ['a boolean came as a text, "True" or "False", and was read as one (tolerance text'],
    ),
    (
        exchange("POST", "/Users", JANE, 400, error("userName is required; give it a value")),
        ["userName is required; give it a value"],
    ),
    (
        got(
            "/Users",
            {},
            401,
            checks=[Check("scheme", "", "", True), Check("token", "one of 2", "Bearer 1…", False)],
        ),
        ["came: Bearer 1… · expected: one of 2"],
    ),
    (
        exchange(
            "POST",
            "/Bulk",
            patch({"method": "POST"}),
            200,
            patch({"status": "409", "method": "POST", "response": {"detail": "in use"}}),
            applied="dry-run",
        ),
        ["operation 0 (POST): 409, in use", "a dry run: nothing of it was stored"],
    ),
]


@pytest.mark.parametrize(("case", "lines"), SAID)
def test_what_the_sentence_leaves_out(case, lines):
    found = said(case)

    assert len(found) == len(lines), found
    for line, told in zip(found, lines, strict=True):
        assert line.startswith(told)


def test_every_tolerance_has_words():
    assert WORDS.keys() == set(Tolerance.__dataclass_fields__)


TABLES = read_tables(Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8"))
KEYS = [
    "id",
    "name",
    "members",
    "value",
    "op",
    "path",
    "Operations",
    "Resources",
    "active",
    "userName",
    "displayName",
]
KEYS += ["totalResults", "status", "response", "meta", "detail", "emails", "primary"]
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["••••", "<script>", "\u202eevil", "x" * 10_000, "\ud800", "userName eq"]),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
bodies = st.one_of(st.just(""), texts, json_values.map(json.dumps), st.just("[" * 100_000))
messages = st.builds(
    Message,
    headers=st.lists(st.tuples(texts, texts), max_size=2),
    body=bodies,
    size=st.integers(0, 10),
    is_cut=st.booleans(),
)
exchanges = st.builds(
    Exchange,
    id=texts,
    at=st.sampled_from(["", "2026-11-29T10:42:07.000000Z", "x"]),
    milliseconds=st.floats(0, 1000),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "", "\x1b"]),
    base=st.sampled_from(["", "/scim/v2"]),
    path=st.one_of(
        texts,
        st.sampled_from(["", "/", "/Users", "/Users/1", "/Groups/1", "/Bulk", "/Me", "/.search"]),
        st.sampled_from(["/Schemas", "/Users/.search", "//", "/Devices/1/2"]),
    ),
    query=st.one_of(
        texts,
        st.sampled_from(["startIndex=1&count=2", "filter=", "filter=a eq 1 and b eq 2&count=-1"]),
        st.sampled_from(['filter=id eq "1" and manager eq "2"', "startIndex=10000000000&count=1"]),
    ),
    status=st.sampled_from([0, 200, 201, 204, 304, 400, 401, 404, 405, 409, 412, 429, 500, 503]),
    request=messages,
    answer=messages,
    provider=st.sampled_from(["", "Okta", "Entra ID", "<script>"]),
    tenant=texts,
    token=st.sampled_from(["", "console", "okta"]),
    tolerated=st.lists(st.sampled_from(["bare_token", "unknown"]), max_size=2),
    applied=st.sampled_from(["", "dry-run"]),
    detail=texts,
    checks=st.lists(st.builds(Check, texts, texts, texts, st.booleans()), max_size=2),
)


@settings(max_examples=tries(60))
@given(exchanges)
def test_any_exchange_has_a_short_sentence_in_one_line(each):
    for line in [sentence(each, {"1": "\n" * 50}), *said(each)]:
        assert 0 < len(line) <= 700
        assert "\n" not in line
        assert "\u202e" not in line
        line.encode()
    subject(each)
    names([each])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_exchanges_have_the_sentences_of_the_table(recording):
    """The table was read line by line; who changes a sentence on purpose writes it anew."""
    steps = list(recorded(recording))
    known = names(each for _, each in steps)

    told = [f"{name}: {sentence(each, known)}" for name, each in steps]

    assert told == TABLES[recording.stem]
