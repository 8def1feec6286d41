"""The brake and protected users, as an operator sees to them."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import path_of, replace, user


@pytest.fixture
def forget(app):
    """Let the server follow at once."""
    return app.extensions["scim"].doorkeeper.known.clear


def test_tenant_is_stopped_and_released(scim, run, fail, engine, forget):
    people = [scim.create(user(f"u{number}")) for number in range(3)]
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET created = '2020-01-01T00:00:00.000000Z'"))
    assert run("tenant set default --brake 1 --brake-window 30m").endswith(
        "the brake has counted 0 of 1 users and 0 of 1 groups within 30 minutes\n"
    )
    forget()
    assert scim.delete(path_of(people[0])).status_code == 204
    detail = check_error(scim.delete(path_of(people[1])), 403)
    state = "the brake has counted 1 of 1 users and 0 of 1 groups within 30 minutes, and stops more"
    assert run("tenant list") == f"default  tolerant, creates users anew, {state}\n"
    assert run("history --since 1h").splitlines()[-1] == state

    said = run(detail.partition("`python manage.py ")[2].partition("`")[0])

    until = f"{datetime.now(UTC) + timedelta(minutes=30):%Y-%m-%dT%H:}"
    assert said.startswith("The brake of default lets everything pass for 30 minutes, until ")
    assert until in said
    forget()
    assert scim.delete(path_of(people[1])).status_code == 204
    assert "the brake is released until" in run("tenant list")
    assert run("tenant release default --end") == "The brake of default counts and stops again.\n"
    assert "counted 1 of 1 users" in run("tenant list")
    assert run("tenant set default --brake off").endswith(", the brake is off\n")
    assert "the brake of 'default' is off" in fail("tenant release default")


@EVERYDAY_ON_ONE_DATABASE
def test_brake_is_the_default_again(run, engine):
    run("tenant set default --brake 5% --brake-window 1d")

    assert run("tenant set default --brake default --brake-window 1h").endswith(
        "the brake has counted 0 of 500 users and 0 of 50 groups within an hour\n"
    )


@pytest.mark.parametrize("chosen", ["x", "-1", "5 %", "101%", "1e3", "", "5%%", "9999999999"])
def test_brake_is_a_number_or_a_percentage(fail, chosen):
    assert "Error" in fail(f"tenant set default --brake '{chosen}'")


@pytest.mark.parametrize("time", ["0h", "x", "1", "900000d"])
def test_window_is_a_time(fail, time):
    assert "is no time such as" in fail(f"tenant set default --brake-window {time}")


def test_users_are_protected_by_name_and_by_filter(scim, run, fail, forget):
    babs = scim.create(user(title="CEO"))
    assert run("user protected") == "No user is protected.\n"

    assert run("user protect bjensen") == f'Protected: id eq "{babs["id"]}"\n'
    assert run("user protect --filter 'title   EQ \"CEO\"'") == 'Protected: title eq "CEO"\n'
    forget()

    assert "such a rule already" in fail("user protect bjensen")
    assert run("user protected").splitlines() == [
        f'id eq "{babs["id"]}"  bjensen',
        'title eq "CEO"',
    ]
    check_error(scim.patch(path_of(babs), replace("active", False)), 403)
    run("user unprotect bjensen")
    run("user unprotect --filter 'title eq \"CEO\"'")
    forget()
    assert scim.delete(path_of(babs)).status_code == 204
    assert "there is no rule" in fail("user unprotect --filter 'title eq \"CEO\"'")


def test_rules_that_begin_with_an_id_are_shown(run):
    rules = ['id eq "bjensen"', 'id eq "bjensen" or title pr']
    for rule in rules:
        run(f"user protect --filter '{rule}'")

    assert run("user protected").splitlines() == rules


@EVERYDAY_ON_ONE_DATABASE
def test_protection_of_a_user_who_is_gone_can_be_ended(scim, run):
    babs = scim.create(user())
    run("user protect bjensen")
    scim.delete(path_of(babs))

    assert run(f"user unprotect {babs['id']}").startswith("No longer protected")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("user protect", "either the NAME of a user or --filter"),
        ("user protect jo --filter 'title pr'", "either the NAME of a user or --filter"),
        ("user protect nobody", "no User has the id or name 'nobody'"),
        ("user protect --filter 'shoeSize pr'", "unknown"),
        ("user protect --filter 'groups.value ne \"x\"'", "not in a group"),
        ("tenant release nobody", "does not exist"),
    ],
)
def test_what_cannot_be_protected_is_said(fail, command, problem):
    assert problem in fail(command)
