"""``scim2-client``, the SCIM client of python-scim, which checks requests and answers alike."""

import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (
    NotFoundException,
    PatchOp,
    PatchOperation,
    SearchRequest,
    UniquenessException,
)

from ..support.databases import EVERYDAY_ON_ONE_DATABASE

pytestmark = EVERYDAY_ON_ONE_DATABASE


@pytest.fixture
def client(directory):
    """A client that knows of the server what the server says of itself."""
    client = SyncSCIMClient(directory.session)
    client.discover()
    return client


def test_user_is_created_read_found_changed_replaced_and_deleted(client):
    user_model = client.get_resource_model("User")
    sent = user_model(
        user_name="bjensen@example.com",
        name={"given_name": "Barbara", "family_name": "Jensen"},
        emails=[{"value": "bjensen@example.com", "type": "work", "primary": True}],
        active=True,
    )

    created = client.create(sent)
    assert created.id
    assert created.name.family_name == "Jensen"

    assert client.query(user_model, created.id) == created

    search = SearchRequest(filter='userName eq "BJensen@example.com"')
    page = client.query(user_model, query_parameters=search)
    assert page.total_results == 1
    assert page.resources == [created]
    assert client.search(user_model, search).resources == [created]

    operations = [
        PatchOperation(op="replace", path="active", value=False),
        PatchOperation(op="add", path="title", value="Tour Guide"),
        PatchOperation(op="remove", path='emails[type eq "work"]'),
    ]
    patched = client.modify(user_model, created.id, PatchOp[user_model](operations=operations))
    assert (patched.active, patched.title, patched.emails) == (False, "Tour Guide", None)

    patched.active, patched.title, patched.nick_name = True, None, "Babs"
    replaced = client.replace(patched)
    assert (replaced.active, replaced.title, replaced.nick_name) == (True, None, "Babs")
    assert replaced.meta.version != created.meta.version

    assert client.delete(user_model, created.id) is None
    with pytest.raises(NotFoundException):
        client.query(user_model, created.id)


def test_group_gets_and_loses_a_member(client):
    user_model, group_model = client.get_resource_model("User"), client.get_resource_model("Group")
    user = client.create(user_model(user_name="bjensen@example.com"))

    group = client.create(group_model(display_name="Guides", members=[{"value": user.id}]))
    assert [member.value for member in group.members] == [user.id]
    [shown] = client.query(user_model, user.id).groups
    assert (shown.value, shown.display) == (group.id, "Guides")

    operation = PatchOperation(op="remove", path=f'members[value eq "{user.id}"]')
    patched = client.modify(group_model, group.id, PatchOp[group_model](operations=[operation]))
    assert patched.members is None

    client.delete(group_model, group.id)
    client.delete(user_model, user.id)


def test_taken_user_name_is_an_error(client):
    user_model = client.get_resource_model("User")
    client.create(user_model(user_name="bjensen@example.com"))

    with pytest.raises(UniquenessException):
        client.create(user_model(user_name="BJENSEN@example.com"))
