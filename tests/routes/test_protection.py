"""Protected users: SCIM cannot deactivate, delete or rename them, however it is asked to."""

import pytest
import sqlalchemy as sa

from scim.operate.protection import normalized
from scim.protocol.errors import InvalidFilterError
from scim.protocol.schema import USER
from scim.storage import protections, tokens

from ..support import bulk
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import add, enterprise, group, listed, path_of, remove, replace, user

REMEDY = "python manage.py user unprotect"


@pytest.fixture
def protect(app, engine, client):
    """Protect who matches a filter: ``protect('title eq "CEO"')``."""

    def add_rule(rule):
        with engine.begin() as connection:
            protections.add_rule(connection, tokens.DEFAULT_TENANT, normalized(rule, USER))
        app.extensions["scim"].doorkeeper.known.clear()

    return add_rule


@pytest.fixture
def babs(scim):
    return scim.create(user(title="CEO"))


REFUSED = {
    "delete": lambda scim, path: scim.delete(path),
    "put": lambda scim, path: scim.put(path, user(title="CEO", active=False)),
    "rename by put": lambda scim, path: scim.put(path, user("other", title="CEO")),
    "rename": lambda scim, path: scim.patch(path, replace("userName", "other")),
    "no path": lambda scim, path: scim.patch(path, replace(None, {"active": False})),
    "Entra": lambda scim, path: scim.patch(
        path, {"op": "Replace", "path": "active", "value": "False"}
    ),
    "Entra without path": lambda scim, path: scim.patch(
        path, {"op": "Add", "value": {"active": "False"}}
    ),
    "several": lambda scim, path: scim.patch(
        path, replace("title", "CEO"), replace("active", False)
    ),
}


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("rule", ["id", "title"])
@pytest.mark.parametrize("ask", REFUSED.values(), ids=REFUSED)
def test_protected_user_stays(scim, protect, babs, ask, rule):
    rule = f'id eq "{babs["id"]}"' if rule == "id" else 'title eq "ceo"'
    protect(rule)

    detail = check_error(ask(scim, path_of(babs)), 403)

    assert rule in detail
    assert REMEDY in detail
    assert scim.read(babs) == babs


def test_everything_else_may_be_changed(scim, protect, babs):
    other = scim.create(user("other"))
    protect(f'id eq "{babs["id"]}"')

    assert scim.put(path_of(babs), user(nickName="Babs")).json["active"] is True
    assert scim.patch(path_of(babs), add("title", "CFO")).status_code == 200
    assert scim.patch(path_of(other), replace("active", False)).status_code == 200
    assert scim.delete(path_of(other)).status_code == 204


def test_bulk_refuses_the_operation_alone(scim, protect, babs):
    other = scim.create(user("other"))
    protect(f'id eq "{babs["id"]}"')

    done = bulk.carry_out(scim, *(bulk.delete(path_of(each)) for each in (babs, other)))

    assert [each["status"] for each in done] == ["403", "204"]


@pytest.mark.parametrize("change", [remove("title"), replace("title", "CFO")])
def test_protection_by_an_attribute_cannot_be_ended(scim, protect, babs, change):
    protect('title eq "CEO" and active eq true')

    assert "end the protection" in check_error(scim.patch(path_of(babs), change), 403)


def test_user_who_becomes_protected_may_be_changed_until_then(scim, protect):
    babs = scim.create(user())
    protect("title pr")

    assert scim.patch(path_of(babs), add("title", "CEO")).status_code == 200
    check_error(scim.patch(path_of(babs), remove("title")), 403)


def test_extension_protects(scim, protect):
    babs = scim.create(user(**enterprise(department="IT")))
    protect('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "IT"')

    check_error(scim.delete(path_of(babs)), 403)


@pytest.fixture(params=["id", "name", "nested"])
def admins(request, scim, protect, babs):
    """A group that protects those in it, and the group that Babs is in."""
    jo = scim.create(user("jo"))
    named = scim.create(group("Admins", babs, jo))
    inner = named
    if request.param == "nested":
        inner = scim.create(group("Inner", babs, jo))
        middle = scim.create(group("Middle", inner))
        scim.put(path_of(named), group("Admins", middle))
    by_id = f'groups.value eq "{named["id"]}"'
    protect('groups[display eq "Admins"]' if request.param == "name" else by_id)
    return named, inner, jo


def test_group_protects_its_members(scim, babs, admins):
    check_error(scim.delete(path_of(babs)), 403)
    check_error(scim.patch(path_of(babs), replace("active", False)), 403)
    check_error(scim.patch(path_of(babs), replace("userName", "x")), 403)


def test_protected_member_stays_in_the_group(scim, babs, admins):
    named, inner, jo = admins
    path = path_of(inner)
    before = scim.read(babs)

    refused = [
        scim.patch(path, remove(f'members[value eq "{babs["id"]}"]')),
        scim.patch(path, remove("members") | {"value": listed(babs)}),
        scim.patch(path, remove("members")),
        scim.patch(path, replace("members", listed(jo))),
        scim.put(path, group(inner["displayName"], jo)),
        scim.delete(path),
        scim.delete(path_of(named)),
        scim.put(path_of(named), group("Admins")),
    ]

    for each in refused:
        assert "is protected by being in it" in check_error(each, 403)
    assert scim.read(babs) == before
    assert scim.patch(path, add("members", listed(scim.create(user("new"))))).status_code == 200


def test_member_who_is_protected_otherwise_may_leave(scim, protect, babs, admins):
    _, inner, jo = admins
    for each in (babs, jo):
        protect(f'id eq "{each["id"]}"')

    assert scim.patch(path_of(inner), remove("members")).status_code == 200


def test_other_groups_are_as_ever(scim, babs, admins):
    other = path_of(scim.create(group("Other", babs)))

    assert scim.patch(other, replace("displayName", "Others")).status_code == 200
    assert scim.patch(other, remove("members")).status_code == 200
    assert scim.delete(other).status_code == 204


def test_group_that_protects_by_its_name_keeps_it(scim, protect, babs):
    path = path_of(scim.create(group("Admins", babs)))
    protect('groups.display eq "Admins"')

    check_error(scim.patch(path, replace("displayName", "Others")), 403)
    check_error(scim.put(path, group("Others", babs)), 403)
    assert scim.put(path, group("ADMINS", babs)).status_code == 200


def test_user_who_comes_back_may_not_be_deactivated_with_that(restoring, protect, babs):
    scim = restoring
    scim.delete(path_of(babs))
    protect(f'id eq "{babs["id"]}"')

    check_error(scim.post("/Users", user(active=False)), 403)
    assert scim.post("/Users", user("BJensen")).json["id"] == babs["id"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("userName", "expected"),
        ('shoeSize eq "1"', "unknown"),
        ('not (groups.value eq "x")', "not in a group"),
        ('groups.value ne "x"', "not in a group"),
    ],
)
def test_rule_must_find_users(rule, problem):
    with pytest.raises(InvalidFilterError, match=problem):
        normalized(rule, USER)


def test_rule_of_an_attribute_that_is_gone_stops_nothing(scim, engine, app, babs):
    with engine.begin() as connection:
        protections.add_rule(connection, tokens.DEFAULT_TENANT, 'shoeSize eq "1"')
    app.extensions["scim"].doorkeeper.known.clear()

    assert scim.delete(path_of(babs)).status_code == 204


def test_tenant_without_rules_asks_for_none(scim, babs, statements):
    with statements() as seen:
        scim.patch(path_of(babs), replace("userName", "other"))

    assert not [each for each in seen if "protections" in each or "brakings" in each]


def test_rules_and_brake_are_those_of_one_tenant(tenant, scim, protect, engine):
    protect("userName pr")
    acme = tenant("acme", brake="1")
    people = [acme.create(user(name)) for name in ("bjensen", "jo")]
    babs = scim.create(user())
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET created = '2020-01-01T00:00:00.000000Z'"))

    assert [acme.delete(path_of(each)).status_code for each in people] == [204, 403]
    assert "the user is protected" in check_error(scim.delete(path_of(babs)), 403)
    assert "tenant release acme" in check_error(acme.delete(path_of(people[1])), 403)
