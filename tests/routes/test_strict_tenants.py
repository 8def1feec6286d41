"""Strict tenants: no tolerance, and draft-zollner-scim-interop-profile-01 kept."""

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import GROUP_SCHEMA, USER_SCHEMA

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import (
    UNKNOWN_ID,
    add,
    enterprise,
    group,
    patch_op,
    path_of,
    remove,
    replace,
    user,
)
from .test_discovery import with_settings
from .test_tolerances import BABS, CASES

pytestmark = EVERYDAY_ON_ONE_DATABASE

SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
WORK = {"type": "work", "value": "a@example.com"}
SECOND = {"type": "work", "value": "b@example.com"}
HOME = {"type": "home", "value": "c@example.com"}


def found(scim, path):
    return [resource["id"] for resource in scim.get(path).json["Resources"]]


@pytest.mark.parametrize(("name", "request_", "status"), CASES)
def test_no_tolerance_is_left(scim, strict, name, request_, status):
    babs = scim.create(BABS)
    tours = scim.create(group("Tours", babs))
    before = [scim.read(babs), scim.read(tours)]

    response = request_(scim, babs, tours)

    assert response.status_code == status
    assert "SCIM-Tolerances" not in response.headers
    if status >= 400:
        assert [scim.read(babs), scim.read(tours)] == before


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        (replace(None, {"active": False}), "invalidSyntax"),
        (remove(None), "invalidSyntax"),
        (remove(""), "invalidSyntax"),
        (replace("shoeSize", 38), "invalidSyntax"),
        (add("emails", WORK), "invalidValue"),
        (replace("active", "False"), "invalidValue"),
        (replace('emails[type eq "home"]', WORK), "invalidPath"),
        (replace('emails[type eq "work"].value', "x"), "invalidFilter"),
        (replace('emails[type eq "other"].value', "x"), "noTarget"),
        (remove("emails") | {"value": [HOME]}, "invalidSyntax"),
    ],
)
def test_patch_outside_the_profile_is_refused(scim, strict, operation, scim_type):
    created = scim.create(user(emails=[WORK, SECOND, HOME]))

    check_error(scim.patch(path_of(created), replace("title", "x"), operation), 400, scim_type)
    assert scim.read(created) == created


def test_patch_that_keeps_to_the_profile_is_applied(scim, strict):
    created = scim.create(
        user(
            name={"givenName": "Barbara", "familyName": "Jensen"},
            emails=[WORK, HOME],
            **enterprise(department="Tours", costCenter="1"),
        )
    )

    answer = scim.patch(
        path_of(created),
        replace("active", False),
        add("title", "Guide"),
        replace("name", {"givenName": "Babs"}),
        add("name", {"middleName": "Jane"}),
        replace('emails[type eq "work"].value', "x@example.com"),
        add("emails", [SECOND]),
        remove('emails[type eq "home"]'),
        replace(f"{E}:department", "Rides"),
        remove(f"{E}:costCenter"),
    )

    assert answer.status_code == 200
    assert answer.json["active"] is False
    assert answer.json["title"] == "Guide"
    assert answer.json["name"] == {"givenName": "Babs", "middleName": "Jane"}
    assert answer.json["emails"] == [WORK | {"value": "x@example.com"}, SECOND]
    assert answer.json[E] == {"department": "Rides"}
    assert found(scim, '/Users?filter=active eq false and userName eq "bjensen"') == [created["id"]]


def test_members_are_added_and_removed_one_operation_each(scim, strict):
    users = [scim.create(user(f"user{number}")) for number in range(3)]
    tours = scim.create(group("Tours", users[0]))

    answer = scim.patch(
        path_of(tours),
        *(add("members", [{"value": each["id"]}]) for each in users),
        *(remove(f'members[value eq "{each["id"]}"]') for each in users[:2]),
    )

    assert [member["value"] for member in answer.json["members"]] == [users[2]["id"]]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [
        user(shoeSize=38),
        user(name={"shoeSize": 38}),
        user(department="Tours"),
        user(**{E: {"shoeSize": 38}}),
        user(**{"urn:example:Shoes": {"size": 38}}),
        user(schemas=[USER_SCHEMA, "urn:example:Shoes"]),
        user(members=[]),
    ],
)
def test_what_nobody_defined_is_refused(scim, strict, method, body):
    created = scim.create(user("babs"))
    path = "/Users" if method == "POST" else path_of(created)

    check_error(scim.send(method, path, body), 400, "invalidSyntax")
    assert found(scim, "/Users") == [created["id"]]


def test_member_has_only_what_is_defined(scim, strict):
    babs = scim.create(user())
    body = group("Tours") | {"members": [{"value": babs["id"], "displayName": "Babs"}]}

    assert "displayName" in check_error(scim.post("/Groups", body), 400, "invalidSyntax")
    assert found(scim, "/Groups") == []


def test_read_only_attributes_are_defined_and_ignored(scim, strict):
    created = scim.create(user(id="1", groups=[], meta={"resourceType": "User"}))

    assert scim.put(path_of(created), created).status_code == 200


def test_filter_on_what_nobody_defined_is_refused(scim, strict):
    body = {"schemas": [SEARCH_REQUEST], "filter": 'shoeSize eq "38"'}

    check_error(scim.get('/Users?filter=shoeSize eq "38"'), 400, "invalidFilter")
    check_error(scim.post("/Users/.search", body), 400, "invalidFilter")
    assert scim.get('/?filter=shoeSize eq "38"').json["totalResults"] == 0


def test_bulk_operations_keep_to_the_profile(scim, strict):
    created = scim.create(user())
    operations = [
        {"method": "PATCH", "path": path_of(created), "data": patch_op(operation)}
        for operation in (replace(None, {"title": "Guide"}), replace("title", "Guide"))
    ]
    operations.append(
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": user("babs", shoeSize=38)}
    )

    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})

    results = answer.json["Operations"]
    assert [result["status"] for result in results] == ["400", "200", "400"]
    assert {results[at]["response"]["scimType"] for at in (0, 2)} == {"invalidSyntax"}


def test_answers_have_no_entity_tags_but_resources_their_versions(scim, strict):
    created = scim.post("/Users", user())
    path = path_of(created.json)
    responses = [
        created,
        scim.get(path),
        scim.put(path, user("babs")),
        scim.patch(path, replace("title", "Guide")),
    ]

    for response in responses:
        assert "ETag" not in response.headers
        assert response.json["meta"]["version"].startswith('W/"')
    version = responses[-1].json["meta"]["version"]
    assert "ETag" not in scim.get(path, If_None_Match=version).headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_condition_that_a_client_sends_nevertheless_is_heeded(scim, strict, method):
    created = scim.create(user())
    body = {"PUT": user("babs"), "PATCH": patch_op(replace("userName", "babs")), "DELETE": None}

    check_error(scim.send(method, path_of(created), body[method], If_Match='W/"99"'), 412)
    assert scim.read(created) == created
    answer = scim.send(method, path_of(created), body[method], If_Match='W/"1"')
    assert answer.status_code in (200, 204)


def test_config_announces_the_profile_without_entity_tags(scim, strict):
    config = scim.get("/ServiceProviderConfig").json

    assert config["interopProfileConformant"] is True
    assert config["etag"] == {"supported": False}
    assert config["patch"]["supported"]
    assert config["filter"]["supported"]


def test_profile_is_not_announced_where_pages_are_small(database_url, strict):
    client = with_settings(database_url, MAX_PAGE_SIZE=99, DEFAULT_PAGE_SIZE=99)

    assert "interopProfileConformant" not in client.get("/scim/v2/ServiceProviderConfig").json


def test_hundred_resources_are_on_a_page(scim, strict):
    for number in range(101):
        scim.create(user(f"user{number}"))

    for query in ("", "?count=100"):
        page = scim.get(f"/Users{query}").json
        assert (page["itemsPerPage"], page["totalResults"]) == (100, 101)


def test_schemas_are_shown_as_they_are(scim, strict):
    for path in ("/Schemas", f"/Schemas/{USER_SCHEMA}", f"/Schemas/{GROUP_SCHEMA}"):
        assert scim.get(f"{path}?aadOptscim062020").json == scim.get(path).json


def test_resource_types_are_named_by_their_ids(scim, strict):
    schemas = {schema["id"] for schema in scim.get("/Schemas").json["Resources"]}

    for resource_type in scim.get("/ResourceTypes").json["Resources"]:
        extensions = [each["schema"] for each in resource_type.get("schemaExtensions", ())]
        assert resource_type["id"] == resource_type["name"]
        assert schemas >= {resource_type["schema"], *extensions}


@pytest.mark.parametrize(
    ("first", "second", "clashes"),
    [
        (user("JSmith"), user("jsmith"), True),
        (group("Tours", externalId="ABC"), group("tours"), True),
        (group("Tours", externalId="ABC"), group("Rides", externalId="abc"), False),
    ],
)
def test_values_that_clash_are_those_that_a_filter_finds(scim, strict, first, second, clashes):
    created = scim.create(first)
    endpoint = path_of(created).rpartition("/")[0]
    name = "externalId" if "externalId" in second else "userName"
    name = name if name in second else "displayName"

    response = scim.post(endpoint, second)
    finds = scim.get(f'{endpoint}?filter={name} eq "{second[name]}"').json["Resources"]

    if clashes:
        check_error(response, 409, "uniqueness")
        assert [resource["id"] for resource in finds] == [created["id"]]
    else:
        assert [resource["id"] for resource in finds] == [response.json["id"]]


def test_patch_to_a_name_in_use_is_a_conflict(scim, strict):
    scim.create(user("JSmith"))
    other = scim.create(user("other"))

    check_error(scim.patch(path_of(other), replace("userName", "jsmith")), 409, "uniqueness")


@pytest.mark.parametrize("restores", [False, True])
def test_deleted_user_is_gone_for_good(scim, choose, restores):
    choose(strict=True, restores=restores)
    babs = scim.create(user("babs", title="Guide"))
    tours = scim.create(group("Tours", babs))

    assert scim.delete(path_of(babs)).status_code == 204

    for method, body in [
        ("GET", None),
        ("PUT", user("babs")),
        ("PATCH", patch_op(replace("title", "x"))),
        ("DELETE", None),
    ]:
        check_error(scim.send(method, path_of(babs), body), 404)
    assert found(scim, "/Users") == found(scim, '/Users?filter=userName eq "babs"') == []
    assert found(scim, "/") == [tours["id"]]
    assert "members" not in scim.read(tours)
    again = scim.create(user("babs"))
    assert again["id"] != babs["id"]
    assert "title" not in again
    assert "members" not in scim.read(tours)


def test_patch_deletes_nobody(scim, strict):
    created = scim.create(user())

    scim.patch(path_of(created), replace("active", False), remove("displayName"))

    assert scim.read(created)["active"] is False
    assert found(scim, "/Users") == [created["id"]]


def test_resource_has_no_other_address_than_its_id(scim, strict):
    scim.create(user("babs"))

    for path in ("/Users/babs", f"/Users/{UNKNOWN_ID}"):
        check_error(scim.get(path), 404)


def test_tenant_that_is_no_longer_strict_is_answered_as_before(scim, choose):
    created = scim.create(user())
    choose(strict=True)
    check_error(scim.patch(path_of(created), replace(None, {"title": "x"})), 400, "invalidSyntax")
    choose(strict=False)

    answer = scim.patch(path_of(created), replace(None, {"title": "x"}))

    assert answer.status_code == 200
    assert answer.headers["ETag"] == answer.json["meta"]["version"]
