"""A resource has a largest size, whichever request would make it larger."""

import json

import pytest

from ..support.bulk import carry_out, post, statuses
from ..support.errors import check_error
from ..support.scim import add, group, patch_op, path_of, replace, user

LARGEST = 2000
LONG = "x" * LARGEST


@pytest.fixture
def limited(new_client):
    """The client of an application whose resources have at most ``LARGEST`` characters."""
    return new_client(MAX_RESOURCE_SIZE=LARGEST)


def test_default_is_a_mebibyte(scim):
    detail = check_error(scim.post("/Users", user("ada", title="x" * 2**20)), 413)

    assert "1048576 (SCIM_MAX_RESOURCE_SIZE)" in detail
    scim.create(user("ada", title="x" * (2**20 - 1000)))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_request_that_makes_a_resource_too_large_changes_nothing(limited, method):
    ada = limited.create(user("ada"))
    path = "/Users" if method == "POST" else path_of(ada)
    body = patch_op(add("title", LONG)) if method == "PATCH" else user("eve", title=LONG)

    check_error(limited.send(method, path, body), 413)

    assert limited.read(ada) == ada
    assert limited.get("/Users").json["totalResults"] == 1


def test_resource_that_grows_step_by_step_is_too_large_in_the_end(limited):
    ada = limited.create(user("ada"))

    sent = [limited.patch(path_of(ada), add("title", "x" * n)) for n in range(500, 2500, 500)]

    assert [each.status_code for each in sent] == [200, 200, 200, 413]


def test_operation_of_a_bulk_that_makes_a_resource_too_large_fails_alone(limited):
    done = carry_out(
        limited, post("ada", user("ada", title=LONG)), post("eve", user("eve", title="small"))
    )

    assert statuses(done) == ["413", "201"]


def test_members_do_not_count(limited):
    members = [limited.create(user(f"user{number}")) for number in range(30)]

    made = limited.create(group("all", *members))

    assert len(json.dumps(made["members"])) > LARGEST


def test_user_who_was_too_large_before_can_be_deactivated_but_not_grow(scim, limited):
    ada = scim.create(user("ada", title=LONG))

    assert limited.patch(path_of(ada), replace("active", False)).status_code == 200
    check_error(limited.patch(path_of(ada), add("nickName", "x" * 200)), 413)
    assert limited.patch(path_of(ada), replace("title", "small")).status_code == 200
    check_error(limited.patch(path_of(ada), replace("title", LONG)), 413)


def test_user_who_comes_back_may_not_grow(restoring, limited):
    ada = restoring.create(user("ada"))
    restoring.delete(path_of(ada))

    check_error(limited.post("/Users", user("ada", title=LONG)), 413)
    assert limited.post("/Users", user("ada", title="small")).json["id"] == ada["id"]
