"""PATCH looks elements up in indexes; it must do exactly what the plain way does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scim.protocol.errors import ScimError
from scim.protocol.patch.apply import apply
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerance, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_resource, load_value
from tests.support.patches import histories
from tests.support.plain_patch import apply_plainly
from tests.support.scim import patch_op
from tests.support.tries import tries

# Few values, so that elements are often equal, in all or in part.
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "value": st.sampled_from(["a", "A", "b", "c", None]),
        "type": st.sampled_from(["work", "Work", "home", None]),
        "primary": st.booleans(),
        "display": st.sampled_from(["x", "y", None]),
    },
)
LISTS = st.lists(PARTS, max_size=5)
TERMS = st.sampled_from(
    [
        *('value eq "a"', 'value eq "B"', 'type eq "work"', 'display eq "x"', "primary eq true"),
        *("value pr", 'value ne "a"', 'display co "x"', "type eq null", 'not (type eq "home")'),
    ]
)
PAIRS = st.tuples(TERMS, st.sampled_from([" and ", " or "]))
FILTERS = st.lists(PAIRS, min_size=1, max_size=3).map(
    lambda pairs: "".join(text for pair in pairs for text in pair).removesuffix(pairs[-1][1])
)
NAMES = st.sampled_from(["value", "type", "primary", "display"])
OPS = st.sampled_from(["add", "Add", "replace", "Replace", "remove"])
VALUES = st.sampled_from(["a", "A", "b", "work", "x", True, False, None, ""])


@st.composite
def operations(draw):
    """Make an operation on emails, which starts anew only rarely."""
    op, kind = draw(OPS), draw(st.integers(0, 9))
    if kind < 4:
        path = f"emails[{draw(FILTERS)}]"
        below = draw(st.booleans())
        value = draw(VALUES) if below else draw(PARTS)
        return {"op": op, "path": f"{path}.{draw(NAMES)}" if below else path, "value": value}
    if kind == 4:
        return {"op": op, "path": f"emails.{draw(NAMES)}", "value": draw(VALUES)}
    if kind == 5:
        return {"op": op, "path": "emails", "value": draw(LISTS)}
    if kind == 6:
        return {"op": "add", "value": {"emails": draw(LISTS), "nickName": "x"}}
    return {"op": draw(st.sampled_from(["add", "remove"])), "path": "emails", "value": draw(LISTS)}


def outcome(work):
    """Return what ``work`` returns, or its error."""
    try:
        return work()
    except ScimError as error:
        return {"scimType": error.scim_type, "detail": error.detail}


def check_same(sent, operations, tolerance):
    """Check that both ways end in the same resource, or in the same error; return the resource."""
    results = []
    for way in (lambda *arguments: apply(*arguments).resource, apply_plainly):
        tolerated = Tolerated(tolerance)

        def load(attribute, value, tolerated=tolerated):
            return load_value(attribute, value, tolerated)

        def patch(tolerated=tolerated, load=load, way=way):
            loaded = load_patch(patch_op(*operations), tolerated)
            return way(loaded, sent, USER, load, tolerated)

        results.append((outcome(patch), list(tolerated.used)))
    assert results[0] == results[1]
    return results[0][0]


@settings(max_examples=tries(200))
@given(LISTS, st.lists(operations(), max_size=8), st.booleans())
def test_indexed_way_does_what_the_plain_way_does_with_equal_elements(emails, sent, strict):
    resource = load_resource(
        {"schemas": [USER_SCHEMA], "userName": "bjensen", "emails": emails}, USER, Tolerated()
    )

    check_same(resource, sent, STRICT_TOLERANCE if strict else Tolerance())


@settings(max_examples=tries(30))
@given(histories("User"))
def test_indexed_way_does_what_the_plain_way_does_with_any_attribute(history):
    resource = load_resource(
        {"schemas": [USER_SCHEMA], "userName": "bjensen"} | history.document, USER, Tolerated()
    )
    for operations in history.requests:
        after = check_same(resource, operations, Tolerance())
        resource = resource if "status" in after else after


def test_extension_without_elements_is_gone():
    sent = {"userName": "bjensen", ENTERPRISE_USER_SCHEMA: {"department": "Tours"}}
    removed = {"op": "remove", "path": f"{ENTERPRISE_USER_SCHEMA}:department"}

    assert check_same(sent, [removed], Tolerance()) == {"userName": "bjensen"}
