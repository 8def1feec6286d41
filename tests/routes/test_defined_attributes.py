"""RFC 7643 §2 and §7: attributes that documents define are what their characteristics say."""

import pytest

from ..support.definitions import attribute, room, rooms
from ..support.scim import path_of, replace


@pytest.mark.parametrize(
    ("definition", "first", "second"),
    [
        (attribute("password"), "t1me", "Ma$heen"),
        (attribute("members", multiValued=True), ["a", "b"], ["c"]),
        (attribute("members", "boolean"), True, False),
        (attribute("groups"), "a", "b"),
        (attribute("groups", "integer"), 1, 2),
        (attribute("active"), "yes", "no"),
        (attribute("userName", "decimal"), 1.5, 2),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else None,
)
def test_name_that_users_and_groups_have_means_nothing_elsewhere(
    defining, definition, first, second
):
    scim, name = defining(*rooms(definition)), definition["name"]

    created = scim.create(room(**{name: first}))

    assert created[name] == first
    assert scim.put(path_of(created), room(**{name: second})).json[name] == second
    assert scim.patch(path_of(created), replace(name, first)).json[name] == first
    assert scim.patch(path_of(created), replace(None, {name: second})).json[name] == second
    assert scim.put(path_of(created), room()).json.keys() == {"schemas", "id", "meta"}
