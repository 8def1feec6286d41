"""RFC 7644 §3.14: versions of resources as entity tags, and requests that depend on them."""

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import UNKNOWN_ID, group, path_of, replace, user

pytestmark = EVERYDAY_ON_ONE_DATABASE

MAKERS = pytest.mark.parametrize("make", [user, group])
CHANGES = pytest.mark.parametrize(
    "change",
    [
        lambda scim, path, make, **headers: scim.put(path, make("x"), **headers),
        lambda scim, path, make, **headers: scim.patch(path, replace("externalId", "x"), **headers),
        lambda scim, path, make, **headers: scim.delete(path, **headers),
    ],
    ids=["PUT", "PATCH", "DELETE"],
)


@MAKERS
def test_entity_tag_is_the_version_in_meta(scim, make):
    created = scim.post(path_of_type(make), make())
    path = path_of(created.json)
    responses = [
        created,
        scim.get(path),
        scim.put(path, make("x")),
        scim.patch(path, replace("externalId", "x")),
        scim.patch(path, replace("externalId", "x")),
        scim.get(path),
    ]

    for response in responses:
        meta = response.json["meta"]
        assert response.headers["ETag"] == meta["version"]
        assert response.headers["Content-Location"] == meta["location"]
        assert meta["version"].startswith('W/"')
    versions = [response.json["meta"]["version"] for response in responses]
    assert [versions.index(version) for version in versions] == [0, 0, 2, 3, 3, 3]


def path_of_type(make):
    return "/Users" if make is user else "/Groups"


def test_version_does_not_depend_on_what_is_shown(scim):
    created = scim.create(user())

    for query in ("attributes=userName", "excludedAttributes=meta"):
        response = scim.get(f"{path_of(created)}?{query}")
        assert "meta" not in response.json
        assert response.headers["ETag"] == created["meta"]["version"]


@MAKERS
@CHANGES
@pytest.mark.parametrize("condition", ["{}", "*", 'W/"other", {}', '"other",{} , "more"', "strong"])
def test_change_of_the_version_named_is_made(scim, make, change, condition):
    created = scim.create(make())
    version = created["meta"]["version"]
    header = version.removeprefix("W/") if condition == "strong" else condition.format(version)

    assert change(scim, path_of(created), make, If_Match=header).status_code in (200, 204)


@MAKERS
@CHANGES
@pytest.mark.parametrize("condition", ['W/"other"', '"99"', 'W/"a", W/"b"', "", "1", 'W/"', '""'])
def test_change_of_another_version_is_refused(scim, make, change, condition):
    created = scim.create(make())

    response = change(scim, path_of(created), make, If_Match=condition)

    assert response.status_code == 412
    assert response.json["status"] == "412"
    assert "scimType" not in response.json
    assert scim.read(created) == created


@MAKERS
@CHANGES
def test_stale_version_is_refused(scim, make, change):
    created = scim.create(make())
    changed = scim.patch(path_of(created), replace("externalId", "changed")).json

    response = change(scim, path_of(created), make, If_Match=created["meta"]["version"])

    assert response.status_code == 412
    assert scim.read(created) == changed


@MAKERS
@CHANGES
@pytest.mark.parametrize("condition", ["*", 'W/"1"'])
def test_resource_that_is_missing_is_not_found_whatever_the_version(scim, make, change, condition):
    path = f"{path_of_type(make)}/{UNKNOWN_ID}"

    assert change(scim, path, make, If_Match=condition).status_code == 404


@MAKERS
@pytest.mark.parametrize("condition", ["{}", "*", 'W/"other", {}', "strong"])
def test_version_that_the_client_has_is_not_sent_again(scim, make, condition):
    created = scim.create(make())
    version = created["meta"]["version"]
    header = version.removeprefix("W/") if condition == "strong" else condition.format(version)

    response = scim.get(path_of(created), If_None_Match=header)

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == version


@MAKERS
def test_version_that_the_client_has_not_is_sent(scim, make):
    created = scim.create(make())
    changed = scim.patch(path_of(created), replace("externalId", "changed")).json

    for condition in (created["meta"]["version"], 'W/"other"', ""):
        response = scim.get(path_of(created), If_None_Match=condition)
        assert (response.status_code, response.json) == (200, changed)
