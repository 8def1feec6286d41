"""Imports of more users than a page holds, and a group of more members than a PATCH shows."""

import pytest

from .comparison import check

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
NAMES = [f"user-{number:03}@example.com" for number in range(101)]


@pytest.fixture
def ids(client):
    """The ids of 101 users: one more than Okta's page, one more than a PATCH answer shows."""
    users = [{"schemas": [USER_SCHEMA], "userName": name} for name in NAMES]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": user["userName"], "data": user}
        for user in users
    ]
    answer = client.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    return [done["location"].rpartition("/")[2] for done in check(answer)["Operations"]]


def test_okta_import_sees_every_user_once_in_pages_of_a_hundred(client, ids):
    first = check(client.get("/Users?startIndex=1&count=100"), body={"totalResults": 101})
    second = check(client.get("/Users?startIndex=101&count=100"), body={"totalResults": 101})
    third = check(client.get("/Users?startIndex=201&count=100"), body={"totalResults": 101})

    pages = [first, second, third]
    assert [page["itemsPerPage"] for page in pages] == [100, 1, 0]
    assert [page["startIndex"] for page in pages] == [1, 101, 201]
    assert sorted(user["id"] for page in pages for user in page["Resources"]) == sorted(ids)


def test_authentik_discovery_ends_when_it_has_seen_everyone(client, ids):
    seen = []
    for _ in ids:
        page = check(client.get(f"/Users?startIndex={len(seen) + 1}"))
        seen += [user["id"] for user in page["Resources"]]
        if len(seen) >= page["totalResults"]:
            break

    assert sorted(seen) == sorted(ids)


def test_patch_answer_of_a_group_shows_up_to_a_hundred_members(client, ids):
    group = {"schemas": [GROUP_SCHEMA], "displayName": "Everyone", "members": []}
    path = f"/Groups/{check(client.post('/Groups', group), 201)['id']}"
    hundred = [{"value": user_id} for user_id in ids[:100]]

    few = client.patch(path, {"op": "add", "path": "members", "value": hundred})
    many = client.patch(path, {"op": "Add", "path": "members", "value": [{"value": ids[100]}]})

    assert len(check(few, body={"displayName": "Everyone"})["members"]) == 100
    check(many, body={"displayName": "Everyone", "members": None})
    members = check(client.get(path))["members"]
    assert sorted(member["value"] for member in members) == sorted(ids)
    check(client.get(f"{path}?excludedAttributes=members"), body={"members": None})
