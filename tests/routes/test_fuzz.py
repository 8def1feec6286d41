"""Nothing that a client sends makes an internal error: arbitrary requests at every route."""

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scim.protocol.schema import (
    ENTERPRISE_USER_SCHEMA,
    GROUP_SCHEMA,
    RESOURCE_TYPES,
    USER_SCHEMA,
)
from scim.protocol.search import PARAMETERS
from tests.support.tries import tries

from ..support.databases import ON_ONE_DATABASE
from ..support.generated import WORDS
from ..support.scim import PATCH_OP_SCHEMA, group, user

REQUESTS = tries(150)
NAMES = sorted(
    {name for kind in RESOURCE_TYPES for a in kind.attributes for name in (a.name, a.name.upper())}
    | {b.name for kind in RESOURCE_TYPES for a in kind.attributes for b in a.sub_attributes}
    | {"Operations", "op", "path", "value", "shoeSize", "", "name.givenName"}
)
URNS = (USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA, PATCH_OP_SCHEMA, "urn:x")
TEXT = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(NAMES), st.sampled_from(URNS), st.text(max_size=8)
)
SIMPLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, 10**30, -1, 1e308, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
JSON = st.recursive(
    SIMPLE,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(st.sampled_from(NAMES) | TEXT, below, max_size=4),
    ),
    max_leaves=12,
)
PATHS = st.one_of(
    TEXT,
    st.builds("{}.{}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("{}:{}".format, st.sampled_from(URNS), st.sampled_from(NAMES)),
    st.builds(
        "{}[{} {} {}].{}".format,
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.sampled_from(["eq", "ne", "co", "ew", "gt", "pr and x"]),
        SIMPLE.map(json.dumps),
        st.sampled_from(NAMES),
    ),
)
FILTERS = st.one_of(
    PATHS,
    st.builds(
        "{} {} {}".format,
        PATHS,
        st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "le", "pr", "and", "or not"]),
        SIMPLE.map(json.dumps) | TEXT,
    ),
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Add", "Replace", "Remove"])},
    optional={"path": PATHS, "value": JSON, "x": SIMPLE},
)
PATCHES = st.fixed_dictionaries(
    {"schemas": st.just([PATCH_OP_SCHEMA]), "Operations": st.lists(OPERATIONS, max_size=4)}
)
RESOURCES = st.builds(
    lambda base, more: base | more,
    st.sampled_from([user("fuzz"), group("fuzz")]),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
)
NUMBERS = (st.sampled_from([0, 1, -1, 2**31, 2**63, 10**30]) | st.integers()).map(str)
UNDERSTOOD = st.builds(
    "{} {} {}".format,
    st.sampled_from(["userName", "displayName", "title", "emails.value", "meta.created"]),
    st.sampled_from(["eq", "eq", "ne", "co", "gt"]),
    st.sampled_from(['"someone"', '"crowd"']),
)
QUERIES = st.dictionaries(
    st.sampled_from([*PARAMETERS, "x"]), FILTERS | TEXT | NUMBERS, max_size=3
) | st.fixed_dictionaries(
    {"filter": UNDERSTOOD}, optional={"startIndex": NUMBERS, "count": NUMBERS}
)
HEADERS = st.dictionaries(
    st.sampled_from(["If-Match", "If-None-Match", "Accept", "X-Forwarded-Host", "Prefer"]),
    st.sampled_from(["*", 'W/"1"', '"', "", "a/b", "é", "x" * 100]),
    max_size=2,
)


@pytest.fixture
def answers(scim, app):
    """Send a request to any route; the answer is SCIM and never an internal error."""
    someone = scim.create(user("someone"))
    crowd = scim.create(group("crowd", someone))
    ids = [someone["id"], crowd["id"], "unknown", "%00", "a b", "é", "."]
    rules = [r for r in app.url_map.iter_rules() if r.rule.startswith("/scim/v2")]
    rules = [r for r in rules if r.rule != "/scim/v2/openapi.json"]  # which is no SCIM message
    methods = ["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS"]

    def send(data, /, **content):
        rule = data.draw(st.sampled_from(rules)).rule
        segment = data.draw(st.sampled_from(ids) | st.just(USER_SCHEMA))
        for argument in ("<user_id>", "<group_id>", "<name>", "<urn>"):
            rule = rule.replace(argument, segment)
        response = scim.client.open(
            rule,
            method=data.draw(st.sampled_from(methods)),
            query_string=data.draw(QUERIES),
            headers=data.draw(HEADERS),
            **content,
        )
        assert response.status_code < 500 or response.status_code == 501, response.text
        assert response.status_code in (204, 304) or response.mimetype == "application/scim+json"
        if response.data:
            assert response.json["schemas"]

    return send


@pytest.mark.slow
def test_arbitrary_json_makes_no_internal_error(answers):
    @settings(max_examples=REQUESTS, phases=[Phase.generate])
    @given(st.data(), st.one_of(RESOURCES, PATCHES, JSON))
    def check(data, body):
        content = json.dumps(body).encode()
        answers(data, data=content, content_type="application/scim+json")

    check()


@pytest.mark.slow
@ON_ONE_DATABASE  # which they never reach
def test_arbitrary_bytes_make_no_internal_error(answers):
    @settings(max_examples=REQUESTS // 2, phases=[Phase.generate])
    @given(st.data(), st.binary(max_size=40))
    def check(data, content):
        kind = data.draw(st.sampled_from(["application/scim+json", "text/plain", "", "a/b;c"]))
        answers(data, data=content, content_type=kind)

    check()


@pytest.mark.slow
def test_arbitrary_queries_make_no_internal_error(scim):
    scim.create(group("crowd", scim.create(user("someone"))))

    @settings(max_examples=REQUESTS * 4, phases=[Phase.generate])
    @given(st.sampled_from(["/Users", "/Groups"]), QUERIES)
    def check(path, query):
        response = scim.client.get(f"/scim/v2{path}", query_string=query)
        assert response.status_code in (200, 400), response.text

    check()
