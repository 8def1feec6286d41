"""The views that people read with SQL: who there is, and who is in which group."""

import pytest
import sqlalchemy as sa

from tests.support.scim import Scim, enterprise, group, path_of, replace, user
from tests.support.tenants import new_tenant, new_token

NAMES = "tenant, user_name, given_name, family_name, display_name, email, active, external_id"


@pytest.fixture
def scim(client):
    return Scim(client)


@pytest.fixture
def select(engine):
    """Run a query; return its rows, as a program of reports sees them."""

    def run(query):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    return run


def test_person_has_a_row_with_the_values_as_they_were_sent(scim, select):
    boss = scim.create(user("boss"))
    addresses = [
        {"type": "home"},
        {"value": "home@example.com", "type": "home"},
        {"value": "Ada@work.example", "primary": True},
    ]
    ada = user(
        'Ada"\\é 100%',
        name={"givenName": "Ada", "familyName": "Núñez"},
        displayName="Ada\nN \u0007",
        emails=addresses,
        externalId="7",
        **enterprise(manager={"value": boss["id"]}),
    )
    ada["schemas"] += [*enterprise()]
    created = scim.create(ada)

    row = (
        "default",
        ada["userName"],
        "Ada",
        "Núñez",
        "Ada\nN \u0007",
        "Ada@work.example",
        True,
        "7",
    )
    assert select(f"SELECT {NAMES} FROM people WHERE external_id = '7'") == [row]
    [(found,)] = select("SELECT id FROM people WHERE email IS NOT NULL")
    assert str(found) == created["id"]
    bare = ("default", "boss", None, None, None, None, True, None)
    assert select(f"SELECT {NAMES} FROM people WHERE user_name = 'boss'") == [bare]


@pytest.mark.parametrize(
    ("addresses", "shown"),
    [
        ([], None),
        ([{"type": "work"}], None),
        ([{"value": "a@x.example"}, {"value": "b@x.example", "primary": False}], "a@x.example"),
        ([{"value": "a@x.example"}, {"value": "b@x.example", "primary": True}], "b@x.example"),
    ],
)
def test_email_is_the_primary_one_or_else_the_first(scim, select, addresses, shown):
    scim.create(user(emails=addresses))

    assert select("SELECT email FROM people") == [(shown,)]


def test_row_follows_changes(scim, select):
    ada = scim.create(user("ada"))

    scim.patch(path_of(ada), replace("active", False), replace("userName", "Eve"))
    assert select("SELECT user_name, active FROM people") == [("Eve", False)]

    scim.delete(path_of(ada))
    assert select("SELECT * FROM people") == []


def test_membership_is_direct_or_by_way_of_other_groups(scim, select):
    ada, bob = (scim.create(user(name)) for name in ("Ada", "bob"))
    guides = scim.create(group("Guides", ada, bob))
    pilots = scim.create(group("Pilots", bob))
    scim.create(group("Everybody", guides, pilots, bob))
    rows = "SELECT tenant, group_name, user_name, direct FROM memberships ORDER BY 2, 3"

    assert select(rows) == [
        ("default", "Everybody", "Ada", False),
        ("default", "Everybody", "bob", True),
        ("default", "Guides", "Ada", True),
        ("default", "Guides", "bob", True),
        ("default", "Pilots", "bob", True),
    ]
    [ids] = select("SELECT group_id, user_id FROM memberships WHERE group_name = 'Pilots'")
    assert [str(each) for each in ids] == [pilots["id"], bob["id"]]

    scim.delete(path_of(guides))
    assert len(select(rows)) == 2


def test_each_row_names_its_tenant(scim, app, engine, select):
    tenant = new_tenant(engine)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {new_token(engine, tenant)}"
    other = Scim(client)
    other.create(group("Tours", other.create(user("ada"))))
    scim.create(user("ada"))

    rows = [(tenant.name, "ada"), ("default", "ada")]
    assert sorted(select("SELECT tenant, user_name FROM people")) == sorted(rows)
    assert select("SELECT tenant FROM memberships") == [(tenant.name,)]
