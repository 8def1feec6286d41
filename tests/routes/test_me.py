"""RFC 7644 §3.11: /Me is the user whom the token names."""

import pytest
import sqlalchemy as sa

from scim.storage.tokens import digest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, group, path_of, replace, user

pytestmark = EVERYDAY_ON_ONE_DATABASE

TOKEN = "babs-her-own"
ISSUED = (
    "INSERT INTO tokens (tenant_id, digest, name, created, subject)"
    " VALUES (1, :digest, 'babs', '2011-05-13T04:42:34.000000Z', :subject)"
)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def me(app, scim, engine):
    """A user, and the service as her token opens it."""
    babs = scim.create(user(displayName="Babs"))
    with engine.begin() as connection:
        connection.execute(sa.text(ISSUED), {"digest": digest(TOKEN), "subject": babs["id"]})
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return babs, Scim(client)


def check_place(response, resource):
    """Check that an answer tells where the resource always is."""
    assert response.headers["Location"] == resource["meta"]["location"]


def test_me_is_read_like_the_user(me):
    babs, mine = me

    response = mine.get("/Me")

    assert response.status_code == 200
    assert response.json == babs
    check_place(response, babs)
    assert response.headers["ETag"] == babs["meta"]["version"]
    assert response.headers["Content-Location"] == babs["meta"]["location"]


def test_me_takes_attributes_and_preconditions(me):
    babs, mine = me

    shown = mine.get("/Me?attributes=userName").json
    unchanged = mine.get("/Me", If_None_Match=babs["meta"]["version"])
    refused = mine.patch("/Me", replace("title", "Guide"), If_Match='W/"7"')

    assert shown.keys() == {"schemas", "id", "userName"}
    assert unchanged.status_code == 304
    assert "Content-Type" not in unchanged.headers
    check_place(unchanged, babs)
    check_error(refused, 412)


def test_me_is_replaced_patched_and_deleted(me, scim):
    babs, mine = me

    replaced = mine.put("/Me", user("babs", displayName="Barbara"))
    patched = mine.patch("/Me", replace("title", "Guide"))

    assert replaced.json["displayName"] == "Barbara"
    assert patched.json == scim.read(babs)
    assert (patched.json["userName"], patched.json["title"]) == ("babs", "Guide")
    for response in (replaced, patched):
        assert response.status_code == 200
        check_place(response, babs)
    deleted = mine.delete("/Me")
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert "Content-Type" not in deleted.headers
    check_place(deleted, babs)
    check_error(scim.get(path_of(babs)), 404)


def test_me_exists_and_cannot_be_created(me, scim):
    check_error(me[1].post("/Me", user("somebody")), 409, "uniqueness")

    assert scim.get("/Users").json["totalResults"] == 1


@pytest.mark.parametrize("method", METHODS)
def test_me_who_has_been_deleted_is_not_found(me, scim, method):
    babs, mine = me
    scim.delete(path_of(babs))
    scim.create(user())  # another one of the same name

    body = {"PATCH": None, "PUT": user(), "POST": user()}.get(method)
    response = (
        mine.patch("/Me", replace("active", True))
        if method == "PATCH"
        else mine.send(method, "/Me", body)
    )

    check_error(response, 404)


@pytest.mark.parametrize("method", METHODS)
def test_token_without_a_subject_has_no_me(scim, method):
    detail = check_error(scim.send(method, "/Me", user()), 501)

    assert "names no user" in detail


def test_subject_does_not_narrow_what_the_token_opens(me):
    _, mine = me

    assert mine.create(group())["displayName"]


def test_me_is_no_endpoint_of_other_methods_or_paths(me):
    assert me[1].send("PUT", "/Me/Users", user()).status_code == 404
