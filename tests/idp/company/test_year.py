"""A company's year makes sense on each of its days, and is the same for the same seed."""

import subprocess
import sys

import pytest

from scim.idp.company.events import (
    Company,
    Dismiss,
    Dissolve,
    Employ,
    Enter,
    Exit,
    Form,
    Kind,
    Update,
)
from scim.idp.company.names import CULTURES, MANAGEMENT, ascii_name, company_name
from scim.idp.company.year import FIRST_DAY, LAST_DAY, make_year
from tests.support.server import ROOT


@pytest.fixture(params=[(seed, size) for seed in range(8) for size in (20, 47, 160)], ids=str)
def year(request):
    return make_year(*request.param)


def check_step(company, step):
    """Check that a step can be taken."""
    match step:
        case Employ(person):
            assert person.login not in company.employed
            assert company.people.get(person.login, person).name == person.name
        case Update(person):
            assert person.login in company.employed
            assert company.people[person.login] != person
        case Dismiss(login):
            assert login in company.employed
        case Form(group, members):
            assert group not in company.groups
            assert len(set(members)) == len(members)
        case Enter(group, login):
            assert login not in company.groups[group]
        case Exit(group, login):
            assert login in company.groups[group]
        case Dissolve(group):
            assert group in company.groups


def check_state(company):
    """Check that managers and members are employed, and that all are led by one."""
    employed = company.employed.keys()
    for group, members in company.groups.items():
        assert members.keys() <= employed, group
    [chief] = [each for each in company.staff() if each.manager is None]
    assert chief.department == MANAGEMENT
    for person in company.staff():
        above = person
        for _ in employed:
            if above.manager is None:
                break
            assert above.manager in employed
            above = company.people[above.manager]
        assert above == chief, f"{person.login} is led in a circle"
        department = company.groups[f"{company.name} {person.department}"]
        assert person.login in department


def test_year_makes_sense_after_each_event(year):
    company = Company(year.name)
    for event in year.events:
        for step in event.steps:
            check_step(company, step)
            company.apply([step])
        if event.kind != Kind.MISTAKE:
            check_state(company)


def test_days_are_working_days_in_order(year):
    days = [event.day for event in year.events]

    assert days == sorted(days)
    assert all(day.weekday() < 5 for day in days)
    assert FIRST_DAY <= days[0] <= days[-1] <= LAST_DAY


def check_days(year):
    """Check that nobody leaves or comes back on a day on which something else happened to them."""
    seen = {}
    for event in year.events:
        for step in event.steps:
            match step:
                case Employ(person):
                    assert seen.get(person.login) != event.day, event
                    seen[person.login] = event.day
                case Update(person):
                    seen[person.login] = event.day
                case Dismiss(login):
                    assert seen[login] != event.day, event
                    seen[login] = event.day


def test_nobody_leaves_or_comes_back_on_a_day_on_which_something_else_happened():
    for seed in range(300):  # two things seldom come together by chance
        check_days(make_year(seed, 40))


def test_everything_happens(year):
    assert {event.kind for event in year.events} == set(Kind)


def test_a_mistake_is_repaired_on_the_next_day_that_has_events(year):
    kinds = [event.kind for event in year.events]
    mistakes = [index for index, kind in enumerate(kinds) if kind == Kind.MISTAKE]

    assert len(mistakes) == 2
    for index in mistakes:
        before, after = year.after(index), year.after(index + 2)
        assert kinds[index + 1] == Kind.REPAIR
        assert year.after(index + 1) != before
        assert {key: set(each) for key, each in after.groups.items()} == {
            key: set(each) for key, each in before.groups.items()
        }
        assert after.people == before.people
        assert after.employed.keys() == before.employed.keys()


@pytest.mark.parametrize("size", [20, 21, 100, 500])
def test_as_many_people_as_asked_for_work_there(size):
    assert len(make_year(5, size).after().people) == size


def test_group_has_its_first_name_again_at_the_end(year):
    company = year.after()

    assert all(name == key for key, name in company.group_names.items())
    assert any(year.after(count).group_names != company.group_names for count in range(9))


def test_same_seed_is_the_same_year_whatever_python_hashes_with():
    program = "from scim.idp.company.year import make_year; print(make_year(3, 120))"
    years = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert years == {f"{make_year(3, 120)}\n".encode()}


def test_other_seed_is_another_year():
    ours, other = make_year(3, 60), make_year(4, 60)

    assert [event.line for event in ours.events] != [event.line for event in other.events]
    assert ours.after().domain != other.after().domain


def test_no_two_companies_share_a_name():
    names = [company_name(seed) for seed in [*range(1300), 999_999_999]]

    assert len(set(names)) == len(names)


def test_names_are_spelt_in_ascii_in_addresses():
    for names, families in CULTURES:
        for name in [*names.split(), *families.split()]:
            plain = ascii_name(name)
            assert plain.isascii()
            assert len(plain) >= len(name), name  # no letter is lost


def test_people_of_one_name_have_logins_of_their_own():
    people = make_year(1, 400).after().people.values()

    assert len({each.name for each in people}) < len(people)
    assert len({each.number for each in people}) == len(people)
