"""RFC 7644 §3.7: bulk operations on resources of types that documents define."""

import pytest

from ..support.definitions import OWNERSHIP_SCHEMA, attribute, device, reference, room, rooms
from ..support.scim import patch_op, path_of, replace, user

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
OWNER = f"{OWNERSHIP_SCHEMA}:owner"


def carried_out(scim, *operations):
    """Return the results of a bulk request."""
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert answer.status_code == 200, answer.text
    return answer.json["Operations"]


def statuses(results):
    return [result["status"] for result in results]


def post(endpoint, bulk_id, data):
    return {"method": "POST", "path": endpoint, "bulkId": bulk_id, "data": data}


def owners(scim):
    return [each[OWNERSHIP_SCHEMA]["owner"] for each in scim.get("/Devices").json["Resources"]]


@pytest.mark.parametrize("order", [1, -1], ids=["user first", "device first"])
def test_bulk_creates_a_device_with_its_owner(examples, order):
    named = {OWNERSHIP_SCHEMA: {"owner": {"value": "bulkId:ada"}}}
    posts = [
        post("/Users", "ada", user(displayName="Ada")),
        post("/Devices", "d", device(**named)),
        post("/Devices", "e", device("e", **named)),
    ]

    results = carried_out(examples, *posts[::order])

    assert statuses(results) == ["201"] * 3
    [ada] = examples.get("/Users").json["Resources"]
    owner = {"value": ada["id"], "$ref": ada["meta"]["location"], "displayName": "Ada"}
    assert owners(examples) == [owner] * 2


def test_bulk_changes_and_deletes_devices(examples):
    laptop, other = examples.create(device()), examples.create(device("other"))
    owner = patch_op(replace(OWNER, {"value": "bulkId:bob"}))

    results = carried_out(
        examples,
        {"method": "PATCH", "path": path_of(laptop), "data": owner},
        post("/Users", "bob", user("bob")),
        {"method": "DELETE", "path": path_of(other)},
        {"method": "PUT", "path": "/Devices/7", "data": device()},
        post("/Devices", "x", device(active="maybe")),
        post("/devices", "y", device()),
    )

    assert statuses(results) == ["200", "201", "204", "404", "400", "404"]
    assert results[0]["location"] == laptop["meta"]["location"]
    [bob] = examples.get("/Users").json["Resources"]
    assert owners(examples) == [{"value": bob["id"], "$ref": bob["meta"]["location"]}]


def test_bulk_creates_rooms_that_lead_to_each_other(defining):
    scim = defining(*rooms(attribute("displayName"), reference("next", "Room")))

    results = carried_out(
        scim,
        *(
            post("/Rooms", name, room(displayName=name, next={"value": f"bulkId:{other}"}))
            for name, other in ("ab", "ba")
        ),
    )

    assert statuses(results) == ["201"] * 2
    first, second = scim.get("/Rooms").json["Resources"]
    for one, other, name in ((first, second, "b"), (second, first, "a")):
        shown = {"value": other["id"], "$ref": other["meta"]["location"], "displayName": name}
        assert one["next"] == shown
