"""What a change of members costs: as much in a large group as in a small one."""

import pytest
import sqlalchemy as sa

from ..support.scim import Scim, add, group, listed, path_of, remove, replace, user

ROWS = (
    "INSERT INTO users (tenant_id, id, display, body, search, version, created, last_modified,"
    " user_name) VALUES (1, :id, :name, :body, :search, 1, '2026', '2026', :name)"
)


@pytest.fixture
def scim(client):
    return Scim(client)


@pytest.fixture
def people(engine):
    """Make users quickly: ``people(3)``; none of them can be read, only be members."""

    def make(number, prefix="p"):
        rows = [
            {
                "id": f"01890000-0000-7000-8000-{prefix.encode().hex():0>4}{index:08d}",
                "name": f"{prefix}{index}",
                "body": "{}",
                "search": "{}",
            }
            for index in range(number)
        ]
        with engine.begin() as connection:
            connection.execute(sa.text(ROWS), rows)
        return rows

    return make


CHANGES = pytest.mark.parametrize(
    "change",
    [
        lambda new, old: add("members", listed(new)),
        lambda new, old: add("members", listed(old)),
        lambda new, old: remove(f'members[value eq "{old["id"]}"]'),
        lambda new, old: remove(f'members[value eq "{new["id"]}"]'),
        lambda new, old: remove("members") | {"value": listed(old)},
        lambda new, old: replace("displayName", f"renamed {old['name']}"),
        lambda new, old: remove("members"),
        lambda new, old: replace("members", listed(new, old)),
    ],
    ids=[
        "add",
        "add again",
        "remove",
        "remove absent",
        "remove listed",
        "rename",
        "remove all",
        "replace all",
    ],
)


@CHANGES
def test_change_of_members_takes_as_many_statements_in_a_large_group(
    scim, people, statements, change
):
    new = scim.create(user("new"))
    seen = {}
    for number in (3, 3000):
        members = people(number, prefix=chr(number % 26 + 97))
        large = scim.create(group(f"of {number}", *members))
        path = f"{path_of(large)}?excludedAttributes=members"
        with statements() as seen[number]:
            response = scim.patch(path, change(new, members[0]))
        assert response.status_code == 200

    assert seen[3] == seen[3000]
    assert len(seen[3]) <= 16


def test_only_the_rows_concerned_are_touched(scim, people, engine):
    members = people(200)
    new = scim.create(user("new"))
    large = scim.create(group("large", *members))
    other = scim.create(group("other", *members))
    before = versions(engine)

    scim.patch(path_of(large), add("members", listed(new, members[0])))
    scim.patch(path_of(large), remove(f'members[value eq "{members[7]["id"]}"]'))

    after = versions(engine)
    moved = {key for key, version in after.items() if version != before[key]}
    assert moved == {large["id"], new["id"], members[7]["id"]}
    assert after[large["id"]] == before[large["id"]] + 2
    assert other["meta"]["version"] == 'W/"1"'


def versions(engine):
    both = "SELECT id, version FROM users UNION ALL SELECT id, version FROM groups"
    with engine.connect() as connection:
        return {str(row.id): row.version for row in connection.execute(sa.text(both))}


def test_ten_thousand_members_are_put_in_a_few_statements(scim, people, statements):
    members = people(10_000)
    large = scim.create(group("large"))

    for listed_now in (members, members[5000:], list(reversed(members))):
        with statements() as seen:
            response = scim.put(path_of(large), group("large", *listed_now))

        assert response.status_code == 200
        assert len(response.json["members"]) == len(listed_now)
        assert len(seen) <= 17


def test_deleting_costs_the_same_whatever_is_linked(scim, people, statements):
    seen = {}
    for number in (3, 300):
        members = people(number, prefix=chr(number % 26 + 97))
        large = scim.create(group(f"of {number}", *members))
        with statements() as seen[number]:
            assert scim.delete(path_of(large)).status_code == 204

    assert seen[3] == seen[300]
