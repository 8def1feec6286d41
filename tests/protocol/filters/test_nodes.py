"""Every syntax tree prints as legal SCIM text, from which the parser makes the same tree again."""

from hypothesis import given
from hypothesis import strategies as st

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.nodes import And, AttributePath, Comparison, Not, Or, Present, ValuePath
from scim.protocol.filters.parser import OPERATORS, Limits, parse_filter, parse_path

LIMITS = Limits(length=100_000, terms=1000, depth=100)
NAMES = st.sampled_from(["a", "B", "nota", "and", "or", "pr", "eq", "true", "$ref", "a-b_9"])
URNS = st.sampled_from([None, "urn:x", "urn:ietf:params:scim:schemas:core:2.0:User", "A"])
SUB_ATTRIBUTES = st.none() | NAMES
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
PATHS = st.builds(AttributePath, NAMES, SUB_ATTRIBUTES, URNS)


def terms_of(paths):
    operators = st.sampled_from(sorted(OPERATORS))
    return st.builds(Present, paths) | st.builds(Comparison, paths, operators, VALUES)


def joined(terms):
    """Join terms as the parser does: what is without parentheses in the text is one node."""
    return st.recursive(
        terms,
        lambda below: st.one_of(
            st.lists(below, min_size=2, max_size=3).map(lambda some: And(tuple(some))),
            st.lists(below, min_size=2, max_size=3).map(lambda some: Or(tuple(some))),
            below.map(Not),
        ),
        max_leaves=6,
    )


VALUE_PATHS = st.builds(ValuePath, PATHS, joined(terms_of(PATHS)))
COMPARED = st.builds(ValuePath, PATHS, joined(terms_of(PATHS)), NAMES)
FILTERS = joined(st.one_of(terms_of(PATHS), VALUE_PATHS, terms_of(VALUE_PATHS | COMPARED)))


@given(FILTERS)
def test_printed_filter_parses_to_the_same_tree(tree):
    assert parse_filter(str(tree), limits=LIMITS) == tree


@given(st.one_of(PATHS, VALUE_PATHS, COMPARED))
def test_printed_path_parses_to_the_same_target(target):
    assert parse_path(str(target), limits=LIMITS) == target


@given(st.text(alphabet="ab.:[]()\"\\'$ 01e-+nopreqtu\n\x00é", max_size=40))
def test_what_the_parser_accepts_prints_to_the_same_tree(text):
    try:
        tree = parse_filter(text)
    except InvalidFilterError:  # and nothing else
        return

    assert parse_filter(str(tree)) == tree
