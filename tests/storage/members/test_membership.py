"""A change of members costs as much in a large group as in a small one."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from scim.storage.members.membership import SELECT_KNOWN, SELECT_KNOWN_BENEATH
from tests.support.scim import Scim, add, group, listed, path_of, remove, replace, user

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
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("ANALYZE users")  # as autovacuum does after a while
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
    for number in (3, 1000):
        members = people(number, prefix=chr(number % 26 + 97))
        large = scim.create(group(f"of {number}", *members))
        path = f"{path_of(large)}?excludedAttributes=members"
        with statements() as seen[number]:
            response = scim.patch(path, change(new, members[0]))
        assert response.status_code == 200

    assert seen[3] == seen[1000]
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


@pytest.mark.parametrize(
    ("change", "is_in"),
    [
        (lambda scim, path, inner: scim.patch(path, add("members", listed(inner))), False),
        (lambda scim, path, inner: scim.put(path, group("outer", inner)), False),
        (lambda scim, path, inner: scim.patch(path, remove("members")), True),
        (lambda scim, path, inner: scim.put(path, group("outer")), True),
        (lambda scim, path, inner: scim.delete(path_of(inner)), True),
        (lambda scim, path, inner: scim.delete(path), True),
    ],
    ids=["add", "put in", "remove", "take out", "delete inner", "delete outer"],
)
def test_nesting_takes_as_many_statements_whoever_is_beneath(
    scim, people, statements, change, is_in
):
    seen = {}
    for number in (3, 300):
        members = people(number, prefix=chr(number % 26 + 97))
        lowest = [scim.create(group(f"{number} {n}", *members[n::3])) for n in range(3)]
        inner = scim.create(group(f"inner {number}", *lowest, *members))
        outer = scim.create(group("outer", *([inner] if is_in else [])))
        scim.create(group(f"above {number}", outer))
        with statements() as seen[number]:
            response = change(scim, path_of(outer), inner)
        assert response.status_code in (200, 204)
        scim.delete(path_of(outer))

    assert seen[3] == seen[300]
    assert len(seen[3]) <= 30


@CHANGES
def test_change_of_users_takes_as_many_statements_where_groups_are_nested(
    scim, people, statements, change
):
    new = scim.create(user("new"))
    seen = {}
    for nests in (False, True):
        members = people(3, prefix="n" if nests else "p")
        changed = scim.create(group(f"of {nests}", *members))
        if nests:
            inner = scim.create(group("inner", scim.create(group("innermost", *members))))
            scim.create(group("above", scim.create(group("outer", changed, inner))))
        with statements() as seen[nests]:
            response = scim.patch(path_of(changed), change(new, members[0]))
        assert response.status_code == 200

    assert seen[False] == seen[True]


def test_page_of_users_and_their_groups_is_four_statements(scim, statements):
    users = [scim.create(user(f"user{number}")) for number in range(20)]
    groups = [scim.create(group("0", *users))]
    for number in range(1, 4):
        groups.append(scim.create(group(f"{number}", groups[-1], *users[:number])))

    for query in ("", "?startIndex=3&count=7", '?filter=groups.type eq "indirect"', "/{id}"):
        with statements() as seen:
            response = scim.get(f"/Users{query.format(id=users[9]['id'])}")
        assert response.status_code == 200
        assert len(seen) == (1 if "id" in query else 4)  # users, links, groups above, texts

    with statements() as seen:
        page = scim.get("/Users?count=10").json["Resources"]
    assert len(seen) == 4
    assert [len(each["groups"]) for each in page] == [4] * 10


def condition(text):
    return remove(f'members[display co "{text}" or type eq "Group"]')


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        (lambda new, old: [condition("0")], {"p1", "p2"}),
        (lambda new, old: [condition("0"), condition("1"), condition("p")], set()),
        (lambda new, old: [add("members", listed(new)), condition("n")], {"p0", "p1", "p2"}),
        (lambda new, old: [condition("p"), add("members", listed(old))], {"p0"}),
        (
            lambda new, old: [condition("p"), add("members", listed(old, new)), condition("p")],
            {"n"},
        ),
        (lambda new, old: [replace("members", listed(new, old)), condition("0")], {"n"}),
        (lambda new, old: [remove("members"), add("members", listed(new)), condition("p")], {"n"}),
    ],
)
@pytest.mark.parametrize("many", [0, 1000])
def test_condition_means_the_same_for_many_members(scim, monkeypatch, operations, left, many):
    monkeypatch.setattr("scim.storage.members.membership.MANY", many)
    people = [scim.create(user(f"p{n}", displayName=f"p{n}")) for n in range(3)]
    new = scim.create(user("n", displayName="n"))
    team = scim.create(group("team", *people, scim.create(group("inner"))))

    scim.patch(path_of(team), *operations(new, people[0]))

    shown = {each["display"] for each in scim.read(team).get("members", ())}
    assert shown == left


def test_conditions_on_many_members_are_met_before_the_transaction(scim, monkeypatch, app):
    """Nobody who writes waits for them."""
    monkeypatch.setattr("scim.storage.members.membership.MANY", 1)
    people = [scim.create(user(f"p{n}", displayName=f"p{n}")) for n in range(3)]
    team = scim.create(group("team", *people))
    seen = []
    database = app.extensions["scim"].database
    database.observe(lambda text, *_: seen.append(text))

    scim.patch(path_of(team), condition("1"), condition("2"))

    database.observe(None)
    begun = [index for index, text in enumerate(seen) if text.startswith("BEGIN")]
    met = [index for index, text in enumerate(seen) if "LIKE" in text or "instr" in text.lower()]
    assert len(begun) == 2
    assert len(met) == 2
    assert begun[0] < met[0] < met[1] < begun[1]
    assert len(scim.read(team)["members"]) == 1


@pytest.mark.parametrize("statement", [SELECT_KNOWN, SELECT_KNOWN_BENEATH])
def test_locked_users_are_not_compared_with_all_ids(statement):
    """PostgreSQL goes through an array in a prepared statement for each row that it filters."""
    text = str(statement.statement.compile(dialect=postgresql.dialect()))

    assert "ANY" in text
    assert "held.id = ANY" not in text
