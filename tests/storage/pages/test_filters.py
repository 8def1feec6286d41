"""Each database finds what ``scim/protocol/filters/evaluate.py`` says that a filter means."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scim.protocol.filters.evaluate import matches
from scim.protocol.filters.parser import parse_filter
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.protocol.tolerance import Tolerated
from tests.support.databases import SQLITE
from tests.support.generated import GROUPS, RELATED, USERS, filters, texts
from tests.support.tries import tries

POOLS, FILTERS = 3, 12


def fill(directory, data):
    """Store generated users and groups, some within others; some users get a manager who exists."""
    users = []
    for document in data.draw(USERS):
        if users and data.draw(st.booleans()):
            manager = {"value": data.draw(st.sampled_from(users))["id"]}
            extension = document.get(ENTERPRISE_USER_SCHEMA, {}) | {"manager": manager}
            document[ENTERPRISE_USER_SCHEMA] = extension
        users.append(directory.user(document.pop("userName"), **document))
    groups = []
    for document in data.draw(GROUPS):
        chosen = data.draw(st.lists(st.integers(0, len(users) - 1), unique=True))
        members = [users[i] for i in chosen] + groups[: data.draw(st.integers(0, 2))]
        groups.insert(0, directory.group(document.pop("displayName"), *members, **document))


def found_by_evaluation(text, resources, resource_type):
    node = parse_filter(text, Tolerated())
    return {r["id"] for r in resources if matches(node, r, resource_type, Tolerated())}


@pytest.mark.parametrize("names", [(), RELATED], ids=["everything", "groups and members"])
def test_database_finds_what_the_evaluator_finds(new_directory, names):
    @settings(max_examples=tries(POOLS), phases=[Phase.generate])  # shrinking would take minutes
    @given(st.data())
    def check(data):
        directory = new_directory()
        fill(directory, data)
        users, groups = directory.list(USER), directory.list(GROUP)
        for resource_type, resources in ((USER, users), (GROUP, groups)):
            made = texts(filters(resource_type, users + groups, names))
            for text in data.draw(st.lists(made, min_size=FILTERS, max_size=FILTERS)):
                found = {resource["id"] for resource in directory.list(resource_type, text)}
                assert found == found_by_evaluation(text, resources, resource_type), text

    check()


@SQLITE
def test_generated_filters_often_divide_the_documents(new_directory):
    divides = []

    @settings(max_examples=15, phases=[Phase.generate], derandomize=True, database=None)
    @given(st.data())
    def measure(data):
        directory = new_directory()
        fill(directory, data)
        users = directory.list(USER)
        made = texts(filters(USER, users + directory.list(GROUP)))
        for text in data.draw(st.lists(made, min_size=FILTERS, max_size=FILTERS)):
            divides.append(0 < len(found_by_evaluation(text, users, USER)) < len(users))

    measure()

    assert len(divides) >= 150
    assert sum(divides) > len(divides) / 8  # ids differ from run to run, and with them the filters
