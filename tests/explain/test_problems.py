"""Problems: equal failures are one, and the cause and the remedy are those of the kind."""

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manage import cli
from scim.explain.exchange import Check, Message
from scim.explain.reasons.problems import problems
from scim.explain.reasons.remedies import KINDS
from scim.explain.secrets.credentials import trace
from scim.explain.sentences.sentence import sentence
from scim.settings import Settings

from .test_conversations import steps
from .test_sentences import GROUP, JANE, SALES, TAKEN, USER, error, exchanges, got, members, patch
from .traffic import exchange, message

REPLACE = patch({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "x"})


def created(detail, scim_type="", sent=JANE, status=400, **others):
    return exchange("POST", "/Users", sent, status, error(detail, scim_type), **others)


def patched(detail, scim_type, sent, path=USER, **others):
    return exchange("PATCH", path, sent, 400, error(detail, scim_type), **others)


# The failure, the title behind the count, and words of the remedy there and here.
CASES = [
    (got("/Users", {}, 401, request=Message()), "no token", "Authentication Mode", ""),
    (got("/Users", {}, 401), "a token that is not known here", "API Token", "token issue"),
    (got("/Users", {}, 401, provider="Entra ID"), "a token that is not kn", "Secret Token", "tok"),
    (
        got(
            "/users", error("this endpoint does not exist; did you mean http://x/s?"), 404, base=""
        ),
        "a path that is no endpoint",
        "SCIM connector base URL",
        "SCIM_BASE_PATH",
    ),
    (exchange("PUT", "/Users", {}, 405), "a method that the endpoint does not", "base URL", ""),
    (exchange("PUT", USER, JANE, 404), "changes of users that are not here", "assign", "trash"),
    (exchange("DELETE", GROUP, None, 404), "changes of groups that are not h", "assign", "trash"),
    (
        created("userName is already in use", "uniqueness", status=409),
        "uniqueness on userName",
        "Unique identifier field",
        "rename",
    ),
    (
        exchange("POST", "/Groups", SALES, 409, error("displayName is already in use")),
        "uniqueness on displayName",
        "Link Group",
        "SCIM_UNIQUE_GROUP_NAMES",
    ),
    (
        created("externalId is already in use", "uniqueness", status=409, provider="Entra ID"),
        "uniqueness on externalId",
        "Attribute mapping",
        "filter",
    ),
    (created("a circular reference", status=409), "conflicts", "again", ""),
    (
        got("/Users?filter=x", error("position 2: expected an operator", "invalidFilter"), 400),
        "filters that cannot be understood",
        "Unique identifier",
        "explain filter",
    ),
    (
        patched("Operations[0]: the attribute 'cost' is unknown; correct", "invalidPath", patch()),
        "operations on cost, which is unknown here",
        "Attribute Mappings",
        "SCIM_SCHEMA_FOLDER",
    ),
    (
        patched("Operations[1]: no value matches x; use add", "noTarget", patch()),
        "operations that select nothing",
        "add",
        "",
    ),
    (
        patched(
            "Operations[0]: members: there is no user or group with the id '7'",
            "invalidValue",
            members("add", {"value": "7"}),
            GROUP,
        ),
        "members that are not here",
        "assign the app to the people",
        "SCIM_SKIP_UNKNOWN_MEMBERS",
    ),
    (created("userName is required; give it", "invalidValue"), "a missing userName", "map a", ""),
    (
        created("active: the value must be true or false", "invalidValue"),
        "values that active does not take",
        "another type",
        "",
    ),
    (
        patched("Operations[0]: groups is read-only; remove", "mutability", patch()),
        "changes of groups, which is read-only or fixed",
        "remove groups",
        "",
    ),
    (
        patched("Operations[0]: userName needs a value; replace", "mutability", patch()),
        "removals of userName, which must have a value",
        "map a value",
        "",
    ),
    (created("the body is not JSON: x", "invalidSyntax"), "bodies that cannot be read", "", ""),
    (got("/Users?sortBy=x", error("took too long", "tooMany"), 400), "queries that", "Ask", "SCIM"),
    (exchange("PUT", USER, JANE, 412), "changes of an old version", "Read the resource", ""),
    (exchange("POST", "/Bulk", {}, 413), "requests that are too large", "less", "SCIM_MAX_BULK"),
    (exchange("POST", "/Users", {}, 415), "bodies of another media type", "Content-Type", ""),
    (got("/Users", {}, 429), "requests at too high a rate", "tries again", ""),
    (got("/Users", {}, 500), "failures of the server", "Nothing", "log"),
    (got("/Users", {}, 503), "requests while the database was away or busy", "Nothing", "databa"),
    (got("/Me", {}, 501), "requests that this server does not support", "token of a", "--subject"),
    (created("strange", "unheardOf"), "failures", "detail", ""),
]
STRICT = [
    created("the attribute 'cost' is unknown; correct", "invalidSyntax"),
    created("active: the value must be true or false", "invalidValue", {"active": "True"}),
    created("schemas must list urn:ietf", "invalidSyntax", {"schemas": ["urn:scim:x"]}),
    patched("Operations[0]: replace needs a path; name", "invalidSyntax", patch({"op": "replace"})),
    patched("Operations[0]: no value matches x; use add", "noTarget", REPLACE, provider="Entra ID"),
]


@pytest.mark.parametrize(("case", "title", "there", "here"), CASES)
def test_failure_has_its_cause_and_remedy(case, title, there, here):
    [problem] = problems(steps(case, case))

    assert problem.title.startswith(f"2 × {title}")
    assert problem.cause.endswith(".")
    assert there in problem.remedy[0]
    assert here in problem.remedy[-1]
    assert (problem.first.number, problem.last.number, problem.count) == (1, 2, 2)
    assert not re.search(r"[{}]", "".join([problem.title, problem.cause, *problem.remedy]))


@pytest.mark.parametrize("case", STRICT)
def test_strict_tenant_is_recognized(case):
    [problem] = problems([case])

    assert problem.title == "1 × requests that a strict tenant refuses"
    assert "tenant set acme --tolerant" in problem.remedy[-1]


@pytest.mark.parametrize(
    "case",
    [
        got("/Users/7", error("there is no User"), 404),
        got('/Users?filter=userName eq "x"', {"totalResults": 0}),
        got(USER, None, 304),
        got("/Schemas/x", error("'x' does not exist"), 404),
        got("/favicon.ico", error("x"), 401, base=""),
        got("/favicon.ico", error("this endpoint does not exist"), 404, base=""),
        created("userName is already in use", status=409, token="console"),
        created("userName is already in use", status=409, applied="dry-run"),
    ],
)
def test_what_is_no_problem(case):
    assert problems([case]) == []


@pytest.mark.parametrize("name", ["provider", "tenant"])
def test_others_have_problems_of_their_own(name):
    taken = exchange("POST", "/Users", JANE, 409, TAKEN)

    assert len(problems([taken, replace(taken, **{name: "other"})])) == 2


def test_newest_problem_and_newest_example_come_first():
    taken = exchange("POST", "/Users", JANE, 409, TAKEN)
    made = steps(*[taken] * 7, got("/Users", {}, 500))

    newest, older = problems(list(reversed(made)))

    assert newest.kind == "failed"
    assert [each.number for each in older.examples] == [7, 6, 5, 4, 3]
    assert (older.first.number, older.last.number) == (1, 7)


def unknown(header, **others):
    """Return an exchange that was refused for a header, with the real checks of it."""
    checks = trace(header, "123456789", "123456789".__eq__, 1)
    sent = Message([("Authorization", header)] if header is not None else [])
    return got("/Users", {}, 401, checks=checks, request=sent, **others)


@pytest.mark.parametrize(
    ("header", "kind", "told"),
    [
        (None, "no token", "the request has no token."),
        ("Bearer 1", "unknown token", "the token is not known here."),
        ("99999999", "unknown token", "the token is not known here."),
        ("Bearer 123456788", "unknown token", "the token is not known here."),
        ("Bearer", "unknown token", "the request has no token."),
        ("123456789", "scheme", "the word Bearer is missing."),
        ("Token 123456789", "scheme", "the token does not follow Bearer."),
        ("Basic YTpi", "scheme", "the token does not follow Bearer."),
        ("Bearer: 123456789", "scheme", "the token does not follow Bearer."),
        ('Bearer "123456789"', "form", "the token has quotes."),
        ("Bearer Bearer 123456789", "form", "the token has the word Bearer again."),
    ],
)
def test_rejected_credential_is_told_by_its_checks(header, kind, told):
    refused = unknown(header)

    [problem] = problems([refused])
    assert problem.kind == kind
    assert sentence(refused) == f"Okta is refused: {told}"
    assert ("Came: " in problem.cause) == (kind != "no token")


def test_check_of_a_credential_is_in_the_cause():
    checks = [Check("token", "one of 2 tokens", "Bearer 1234…6788", False)]

    [problem] = problems([got("/Users", {}, 401, checks=checks)])

    assert "Came: Bearer 1234…6788; expected: one of 2 tokens." in problem.cause


def test_operations_of_a_bulk_request_fail_one_by_one():
    sent = patch({"method": "POST", "path": "/Users"}, {"method": "DELETE", "path": "/Users/7"})
    results = [{"status": "409", "response": TAKEN}, {"status": "404", "response": error("x")}]
    bulk = exchange("POST", "/Bulk", sent, 200, {"Operations": results})

    titles = {each.title for each in problems([bulk])}

    assert titles == {"1 × uniqueness on userName", "1 × changes of users that are not here"}


def test_settings_and_commands_in_remedies_exist():
    texts = " ".join(f"{each.cause} {each.here} {each.there}" for each in KINDS.values())
    names = {f"SCIM_{field.name.upper()}" for field in fields(Settings)}
    assert set(re.findall(r"SCIM_\w+", texts)) <= names
    for group, command in re.findall(r"manage\.py (\w+) (\w+)", texts):
        assert command in cli.commands[group].commands


def test_ten_thousand_failures_are_quick():
    taken = exchange("POST", "/Users", JANE, 409, TAKEN)

    [problem] = problems([replace(taken, number=number) for number in range(10_000)])

    assert problem.title == "10,000 × uniqueness on userName"


@settings(max_examples=200, deadline=None)
@given(st.lists(exchanges, max_size=4))
def test_any_exchanges_have_bounded_problems(made):
    for problem in problems(made):
        assert len(problem.title) < 300
        assert all(len(text) < 900 for text in [problem.cause, *problem.remedy])


def test_hostile_values_are_shortened():
    detail = "<script>" * 2000 + " is already in use"
    case = created(detail, "x" * 5000, status=409, answer=message(error(detail)))

    [problem] = problems([case])

    assert len(problem.title) < 300
