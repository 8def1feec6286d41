"""Providers of the pytest plugin, on our own server, which does all that they ask for."""

import pytest

from scim.idp.demo.entra import EntraAdministrator
from scim.idp.demo.okta import OktaAdministrator
from scim.testing.checking import check
from scim.testing.providers import Provider

from ..support.databases import ON_ONE_DATABASE

pytestmark = ON_ONE_DATABASE


@pytest.fixture(params=[OktaAdministrator, EntraAdministrator], ids=["okta", "entra"])
def provider(request, server):
    with Provider(request.param, server.url, server.token, domain="example.org") as provider:
        yield provider


def found(server):
    """Return the users by their userNames, and the groups by their displayNames."""
    for path, name in ("/Users", "userName"), ("/Groups", "displayName"):
        yield {each[name]: each for each in server.session.get(path).json()["Resources"]}


def test_each_event_is_told(server, provider):
    for login in ("amy", "bob", "eve"):
        provider.hire(login, manager=None if login == "amy" else "amy")
    provider.form("Sales", "amy", "bob")
    provider.form("Support")
    provider.rename("Sales", "Sellers")
    provider.join("Sellers", "eve")
    provider.leave("Sellers", "bob")
    provider.dissolve("Support")
    provider.dismiss("bob")
    provider.change("amy", title="Head")
    provider.dismiss("eve")
    assert provider.hire("eve") == "eve@example.org"

    users, groups = found(server)
    should = provider.directory
    assert {name for name, user in users.items() if user["active"]} == should.active
    assert should.active == {"amy@example.org", "eve@example.org"}
    assert should.inactive == {"bob@example.org"} == users.keys() - should.active
    assert users["amy@example.org"]["title"] == "Head"
    [group] = groups.values()
    ids = {user["id"]: name for name, user in users.items()}
    assert should.groups == {
        group["displayName"]: {ids[each["value"]] for each in group["members"]}
    }
    assert should.requests == len(provider.exchanges)
    assert provider.exchanges[-1].status in (200, 204)


def test_days_are_played(server, provider):
    company = provider.play(days=2)

    users, groups = found(server)
    assert users.keys() == company.active
    assert groups.keys() == company.groups.keys()
    assert company.requests > len(users) > 5


@pytest.mark.parametrize(
    ("problem", "act"),
    [
        ("there is no group 'Sales': form it first", lambda it: it.join("Sales", "amy")),
        ("nobody called 'bob' works here: hire them first", lambda it: it.form("Sales", "bob")),
        ("the smallest company has 20 users, not 3", lambda it: it.play(users=3)),
    ],
)
def test_what_cannot_be_told_is_said(provider, problem, act):
    provider.hire("amy")

    with pytest.raises((LookupError, ValueError), match=problem):
        act(provider)


def test_suites_run_on_a_server(server):
    results = check(server.url, server.token, "okta-crud", "okta-spec")

    assert results.failed == results.warned == []
    assert repr(results) == f"<{str(results).splitlines()[-1]}>"
    assert {each.check.suite for each in results.of("passed")} == {"okta-crud", "okta-spec"}
    with pytest.raises(ValueError, match="there is no suite 'okta', but okta-spec, okta-crud"):
        check(server.url, server.token, "okta")
    with pytest.raises(AssertionError, match="refuses the token"):
        check(server.url, "wrong")
