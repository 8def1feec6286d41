"""The tables as Python objects, as a reader of ``models.py`` tries them in a shell."""

import pytest

from models import Group, User, db

from .support.scim import Scim, add, group, listed, path_of, user


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session


def test_user_has_groups_and_group_has_users(client, session):
    scim = Scim(client)
    ada, bob = (scim.create(user(name)) for name in ("ada", "bob"))
    tours = scim.create(group("tours", ada, bob))
    guides = scim.create(group("guides", ada))
    scim.create(group("everybody", guides))

    found = session.get(User, (1, ada["id"]))
    assert sorted(each.display_name for each in found.groups) == ["guides", "tours"]
    assert [each.display_name for each in session.get(User, (1, bob["id"])).groups] == ["tours"]
    shown = session.get(Group, (1, tours["id"]))
    assert sorted(each.user_name for each in shown.users) == ["ada", "bob"]


def test_relationships_write_nothing(client, session):
    scim = Scim(client)
    ada = scim.create(user("ada"))
    tours = scim.create(group("tours", ada))

    session.get(Group, (1, tours["id"])).users.clear()
    session.commit()

    assert scim.read(tours) == tours
    assert scim.patch(path_of(tours), add("members", listed(ada))).json == tours
