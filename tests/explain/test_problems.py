"""Problems: equal failures are one, and the cause and the remedy are those of the kind."""

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manage import cli
from scim.explain.exchange import Check, Message
from scim.explain.reasons.problems import problems
from scim.explain.reasons.reason import reason
from scim.explain.reasons.remedies import KINDS
from scim.explain.secrets.credentials import trace
from scim.explain.sentences.sentence import said, sentence
from scim.operate.brake import STOPS
from scim.operate.demo_token import ELSEWHERE, IN_PRODUCTION
from scim.operate.protection import ENDS, IS_PROTECTED, LEAVES, NAMES
from scim.protocol.headers import with_request
from scim.routes.auth import PAUSED as TENANT_PAUSED
from scim.settings import Settings

from ..support.tries import tries
from .test_conversations import steps
from .test_sentences import GROUP, JANE, SALES, TAKEN, USER, error, exchanges, got, members, patch
from .traffic import exchange, message

REPLACE = patch({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "x"})


def created(detail, scim_type="", sent=JANE, status=400, **others):
    return exchange("POST", "/Users", sent, status, error(detail, scim_type), **others)


def patched(detail, scim_type, sent, path=USER, **others):
    return exchange("PATCH", path, sent, 400, error(detail, scim_type), **others)


GRANT = exchange("POST", "/oauth/token", base="", provider="Entra ID", token="entra")
NO_GRANT = replace(GRANT, status=401, detail="client_secret is wrong")

# The failure, the title, and words of the remedy there and here.
CASES = [
    (NO_GRANT, "An OAuth client gets no access token", "Client Secret", "client secret NAME"),
    (got("/Users", {}, 401, request=Message()), "The token is missing", "Authentication Mode", ""),
    (got("/Users", {}, 401), "The token is not known here", "API Token", "token issue"),
    (got("/Users", {}, 401, provider="Entra ID"), "The token is not kn", "Secret Token", "tok"),
    (
        got(
            "/users",
            error("this endpoint does not exist; did you mean http://x/scim/v2/Users?"),
            404,
            base="",
        ),
        "The base URL lacks",
        "SCIM connector base URL",
        "SCIM_BASE_PATH",
    ),
    (exchange("PUT", "/Users", {}, 405), "The endpoint does not take the", "base URL", ""),
    (
        exchange("DELETE", USER, None, 403, error(f"{STOPS}: 500 users were deactivated")),
        "The brake stopped it",
        "why so many leave",
        "tenant release",
    ),
    *(
        (
            exchange("DELETE", USER, None, 403, error(f'{detail} (id eq "x")')),
            "The user is protected",
            "assign the app",
            "user unprotect",
        )
        for detail in (IS_PROTECTED, ENDS, NAMES, LEAVES)
    ),
    (
        exchange("POST", "/Users", JANE, 403, error("this token does not have the scope 'write'")),
        "The token does not permit it",
        "Use a token",
        "token list --tenant",
    ),
    (
        exchange("GET", "/Groups", None, 403, error("this token is not for resources of the typ")),
        "The token does not permit it",
        "Use a token",
        "client list",
    ),
    (
        exchange("DELETE", USER, None, 503, error(TENANT_PAUSED)),
        "The tenant is paused",
        "tries again",
        "tenant resume",
    ),
    (exchange("PUT", USER, JANE, 404), "The user is not here", "assign", "trash"),
    (exchange("DELETE", GROUP, None, 404), "The group is not here", "assign", "trash"),
    (
        created("userName is already in use", "uniqueness", status=409),
        "userName is taken",
        "Unique identifier field",
        "rename",
    ),
    (
        exchange("POST", "/Groups", SALES, 409, error("displayName is already in use")),
        "displayName is taken",
        "Link Group",
        "SCIM_UNIQUE_GROUP_NAMES",
    ),
    (
        created("externalId is already in use", "uniqueness", status=409, provider="Entra ID"),
        "externalId is taken",
        "Attribute mapping",
        "filter",
    ),
    (created("a circular reference", status=409), "The request contradicts", "again", ""),
    (
        got("/Users?filter=x", error("position 2: expected an operator", "invalidFilter"), 400),
        "The filter cannot be understood",
        "position",
        "explain filter",
    ),
    (
        patched("Operations[0]: the attribute 'cost' is unknown; correct", "invalidPath", patch()),
        "cost is unknown here",
        "Attribute Mappings",
        "SCIM_SCHEMA_FOLDER",
    ),
    (
        patched("Operations[1]: no value matches x; use add", "noTarget", patch()),
        "The path selects nothing",
        "Send the error to the maker",
        "",
    ),
    (
        patched(
            "Operations[0]: members: there is no user or group with the id '7'",
            "invalidValue",
            members("add", {"value": "7"}),
            GROUP,
        ),
        "A member is not here",
        "assign the app to the people",
        "SCIM_SKIP_UNKNOWN_MEMBERS",
    ),
    (
        created("userName is required; give it", "invalidValue"),
        "userName is missing",
        "Sign On > Application username format",
        "",
    ),
    (
        created("active: the value must be true or false", "invalidValue"),
        "active does not take the value",
        "another type",
        "",
    ),
    (
        patched("Operations[0]: groups is read-only; remove", "mutability", patch()),
        "groups cannot be changed",
        "remove groups",
        "",
    ),
    (
        patched("Operations[0]: userName needs a value; replace", "mutability", patch()),
        "userName cannot be removed",
        "map a value",
        "",
    ),
    (created("schemas must list x", "invalidSyntax"), "The body cannot be read", "", ""),
    (created("the body is not JSON: x", "invalidSyntax"), "The body is not JSON", "braces", ""),
    (
        got("/Users?sortBy=x", error("took too long", "tooMany"), 400),
        "The query takes",
        "Ask",
        "SCIM",
    ),
    (exchange("PUT", USER, JANE, 412), "Somebody else changed it", "Read the resource", ""),
    (exchange("POST", "/Bulk", {}, 413), "The request is too large", "less", "SCIM_MAX_BULK"),
    (exchange("POST", "/Users", {}, 415), "The body has another media", "Content-Type", ""),
    (got("/Users", {}, 429), "Too many requests", "tries again", "SCIM_RATE_LIMIT"),
    (
        got("/Users", error("too many tokens of this address were refused; wait"), 429),
        "Too many wrong tokens",
        "put the right token into the field",
        "SCIM_TRUSTED_PROXIES",
    ),
    (got("/Users", {}, 500), "The server failed", "Nothing", "log"),
    (got("/Users", {}, 503), "The database was away or busy", "Nothing", "databa"),
    (got("/Me", {}, 501), "This server does not support", "token of a", "--subject"),
    (created("strange", "unheardOf"), "The request was refused", "detail", ""),
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

    assert problem.title.startswith(title)
    assert problem.cause.endswith(".")
    assert there in problem.remedy[0]
    assert here in problem.remedy[-1]
    assert (problem.first.number, problem.last.number, problem.count) == (1, 2, 2)
    assert not re.search(r"[{}]", "".join([problem.title, problem.cause, *problem.remedy]))


@pytest.mark.parametrize("case", STRICT)
def test_strict_tenant_is_recognized(case):
    [problem] = problems([case])

    assert problem.title == "The tenant is strict"
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
        created("userName is already in use", status=409, token="check"),
        created("userName is already in use", status=409, provider="the checks"),
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
        ("Bearer Bearer 123456789", "twice", "the token has the word Bearer again."),
    ],
)
def test_rejected_credential_is_told_by_its_checks(header, kind, told):
    refused = unknown(header)

    [problem] = problems([refused])
    assert problem.kind == kind
    assert sentence(refused) == f"Okta is refused: {told}"
    assert ("Came: " in problem.cause) == (kind != "no token")


@pytest.mark.parametrize("detail", [ELSEWHERE, IN_PRODUCTION])
def test_demo_token_that_is_refused_is_no_wrong_one(detail):
    checks = trace("Bearer 123456789", "123456789", "123456789".__eq__, 1)
    sent = Message([("Authorization", "Bearer 123456789")])
    refused = got("/Users", error(detail), 401, checks=checks, request=sent)

    [problem] = problems([refused])
    assert problem.title == "The demo token is not accepted from there"
    assert "Set SCIM_TOKEN to a token of your own" in problem.remedy[-1]
    assert sentence(refused) == "Okta is refused: the demo token is not accepted from there."


def test_check_of_a_credential_is_in_the_cause():
    checks = [Check("token", "one of 2 tokens", "Bearer 1234…6788", False)]

    [problem] = problems([got("/Users", {}, 401, checks=checks)])

    assert "Came: Bearer 1234…6788; expected: one of 2 tokens." in problem.cause


def stray(path, meant="http://x/scim/v2/Users", base="/scim/v2", **others):
    end = f"; did you mean {meant}?" if meant else ""
    detail = f"this endpoint does not exist{end}"
    return got(path, error(detail), 404, base=base, **others)


@pytest.mark.parametrize(
    ("case", "title"),
    [
        (stray("/Users", base=""), "The base URL lacks /scim/v2"),
        (stray("/scim/v1/Users/7", base=""), "The base URL ends in /scim/v1, not in /scim/v2"),
        (stray("/v2/Users"), "The base URL ends in /scim/v2/v2, not in /scim/v2"),
        (stray("/users/7"), "/scim/v2/users does not exist here"),
        (stray("/user/7"), "/scim/v2/user does not exist here"),
        (stray("/nothing/7", ""), "/scim/v2/nothing does not exist here"),
    ],
)
def test_wrong_path_says_what_is_wrong_with_the_base_url(case, title):
    [problem] = problems([replace(case, request=message("", [("Host", "x")]))])

    assert problem.title == title
    assert problem.wanted == "http://x/scim/v2"
    assert "it must be `http://x/scim/v2`" in problem.remedy[0]


def test_base_url_has_the_host_that_was_asked():
    headers = [("Host", "a.ngrok.app"), ("X-Forwarded-Proto", "https")]
    [problem] = problems([stray("/Users", "/scim/v2/Users", "", request=message("", headers))])

    assert problem.wanted == "https://a.ngrok.app/scim/v2"


def test_each_wrong_base_url_is_a_problem_of_its_own():
    groups = stray("/Groups", "http://x/scim/v2/Groups", "")
    made = [stray("/Users", base=""), groups, stray("/v2/Users"), stray("/scim/v1/Users", base="")]

    assert sorted(each.count for each in problems(steps(*made))) == [1, 1, 2]


@pytest.mark.parametrize(
    ("body", "detail", "cause"),
    [
        (
            "userName=jane&x",
            "Expecting value: line 1 column 1 (char 0)",
            "begins with userName=jane",
        ),
        ("", "Expecting value: line 1 column 1 (char 0)", "The body is empty."),
        (
            '{"a" 1}',
            "Expecting ':' delimiter: line 1 column 6 (char 5)",
            "JSON at line 1 column 6.",
        ),
    ],
)
def test_body_that_is_not_json_is_told_without_words_of_python(body, detail, cause):
    case = created(f"the body is not JSON: {detail}", "invalidSyntax", body)

    [problem] = problems([case])

    assert cause in problem.cause
    assert "Expecting" not in f"{problem.cause} {sentence(case)} {said(case)}"
    assert "(char" not in f"{problem.cause} {sentence(case)} {said(case)}"


def test_equals_sign_is_told():
    wrong = error("position 10: expected an operator, found '='", "invalidFilter")

    [problem] = problems([got('/Users?filter=userName = "x"', wrong, 400)])

    assert problem.title == "The filter has = for eq"
    assert problem.remedy[0].startswith("Write eq instead of =")
    assert problem.tried == 'userName = "x"'


def test_unknown_attribute_in_a_filter_is_told():
    wrong = error("position 1: the attribute 'login' is unknown; correct it", "invalidFilter")

    [problem] = problems([got('/Users?filter=login eq "x="', wrong, 400)])

    assert problem.title == "The filter names login, which is unknown here"
    assert "Unique identifier" in problem.remedy[0]


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("POST", JANE),
        ("PUT", JANE),
        ("PATCH", patch({"op": "replace", "path": "userName", "value": JANE["userName"]})),
        ("PATCH", patch({"op": "Replace", "value": {"userName": JANE["userName"]}})),
    ],
)
def test_holder_of_a_value_that_is_taken_can_be_found(method, sent):
    [problem] = problems([exchange(method, USER, sent, 409, TAKEN)])

    assert problem.holder == 'userName eq "jane@example.com"'


def test_operations_of_a_bulk_request_fail_one_by_one():
    sent = patch({"method": "POST", "path": "/Users"}, {"method": "DELETE", "path": "/Users/7"})
    results = [{"status": "409", "response": TAKEN}, {"status": "404", "response": error("x")}]
    bulk = exchange("POST", "/Bulk", sent, 200, {"Operations": results})

    titles = {each.title for each in problems([bulk])}

    assert titles == {"userName is taken", "The user is not here"}


def test_settings_and_commands_in_remedies_exist():
    texts = " ".join(f"{each.cause} {each.here} {each.there}" for each in KINDS.values())
    names = {f"SCIM_{field.name.upper()}" for field in fields(Settings)}
    assert set(re.findall(r"SCIM_\w+", texts)) <= names
    for group, command in re.findall(r"manage\.py (\w+) (\w+)", texts):
        assert command in cli.commands[group].commands


def test_ten_thousand_failures_are_quick():
    taken = exchange("POST", "/Users", JANE, 409, TAKEN)

    [problem] = problems([replace(taken, number=number) for number in range(10_000)])

    assert (problem.title, problem.count) == ("userName is taken", 10_000)


@settings(max_examples=tries(50))
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


def test_grant_is_told_in_a_sentence():
    assert sentence(GRANT) == "Entra ID gets an access token as the client entra."
    assert sentence(NO_GRANT) == "Entra ID gets no access token: client_secret is wrong."
    assert reason(GRANT).section == "RFC 6749 §4.4"
    assert reason(NO_GRANT).section == "RFC 6749 §5.2"


def test_requests_that_fail_equally_are_one_problem():
    details = ["title is unheard of", *(with_request("title is unheard of", each) for each in "ab")]

    [found] = problems([created(detail) for detail in details])

    assert found.count == 3
    assert found.cause.endswith("The server said: title is unheard of.")
    assert "[request" not in sentence(found.last)


def test_command_has_the_name_of_the_tenant_as_a_shell_reads_it():
    [found] = problems(
        [exchange("POST", "/Users", JANE, 503, error(TENANT_PAUSED), tenant="a b; ls")]
    )

    assert "tenant resume 'a b; ls'`" in found.remedy[-1]
