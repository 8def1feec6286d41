"""Hashing a password takes 20 ms: it is done once for each that is kept, and never under a lock."""

import json

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from scim.serializers import resources
from scim.storage import tokens

from ..support.bulk import bulk_request, patch, post, put, statuses
from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, enterprise, path_of, remove, replace, user

SPELLINGS = (
    "password",
    " password ",
    "PASSWORD",
    "urn:ietf:params:scim:schemas:core:2.0:User:password",
    "urn:scim:schemas:core:1.0:password",
)


class Noting(PasswordHasher):
    """A quick hasher; ``events`` has the passwords among the transactions' beginnings and ends."""

    def __init__(self):
        super().__init__(1, 8, parallelism=1)
        self.events = []
        self.meanwhile = None

    def hash(self, password, **options):
        self.events.append(password)
        work, self.meanwhile = self.meanwhile, None
        if work:
            work()
        return super().hash(password, **options)

    @property
    def hashed(self):
        return [event for event in self.events if event not in ("BEGIN", "COMMIT")]

    def held_locks(self):
        """Tell whether a password was hashed within a transaction."""
        begun = [self.events[:n].count("BEGIN") for n in range(len(self.events))]
        ended = [self.events[:n].count("COMMIT") for n in range(len(self.events))]
        return any(
            begun[n] != ended[n]
            for n, event in enumerate(self.events)
            if event not in ("BEGIN", "COMMIT")
        )


@pytest.fixture
def noting(app, monkeypatch):
    noting = Noting()
    monkeypatch.setattr(resources, "hasher", noting)
    database = app.extensions["scim"].database
    database.observe(lambda text, values, *_: values or noting.events.append(text))
    yield noting
    database.observe(None)


@pytest.fixture
def babs(scim):
    return path_of(scim.create(user()))


def managed_by(bulk_id):
    return enterprise(manager={"value": f"bulkId:{bulk_id}"})


def stored_password(engine):
    with engine.connect() as connection:
        hidden = connection.scalar(sa.text("SELECT hidden FROM users"))
    return json.loads(hidden)["password"] if hidden else None


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_patch_hashes_its_last_password_only(scim, babs, noting, engine, spelling):
    operations = [replace(spelling, f"secret {number}") for number in range(30)]

    assert scim.patch(babs, *operations).status_code == 200

    assert noting.hashed == ["secret 29"]
    assert noting.verify(stored_password(engine), "secret 29")
    assert not noting.held_locks()


@pytest.mark.parametrize("spelling", [SPELLINGS[0], *SPELLINGS[2:]])
def test_patch_hashes_the_last_password_in_values_without_a_path(scim, babs, noting, spelling):
    operations = [replace(None, {spelling: f"secret {number}"}) for number in range(3)]

    assert scim.patch(babs, *operations).status_code == 200

    assert noting.hashed == ["secret 2"]
    assert not noting.held_locks()


def test_patch_that_removes_the_password_at_the_end_hashes_none(scim, babs, noting, engine):
    assert scim.patch(babs, replace("password", "x"), remove("password")).status_code == 200

    assert noting.hashed == []
    assert stored_password(engine) is None


def test_patch_finds_its_resource_before_it_hashes(scim, babs, noting):
    password = replace("password", "x")

    check_error(scim.patch(f"/Users/{UNKNOWN_ID}", password), 404)
    check_error(scim.patch("/Users/x", password), 404)
    check_error(scim.patch(babs, password, If_Match='W/"7"'), 412)
    check_error(scim.patch(babs, password, {"op": "add"}), 400, "invalidSyntax")
    check_error(scim.patch(babs, password, replace("active", "maybe")), 400, "invalidValue")
    check_error(scim.patch(babs, replace("password", "\0")), 400, "invalidValue")

    assert noting.hashed == []


def test_patch_is_applied_again_if_another_was_faster(scim, babs, noting, engine):
    noting.meanwhile = lambda: scim.patch(babs, replace("title", "Guide"))

    answer = scim.patch(babs, replace("password", "x"), replace("nickName", "Babs"))

    assert (answer.json["title"], answer.json["nickName"]) == ("Guide", "Babs")
    assert noting.hashed == ["x"]
    assert noting.verify(stored_password(engine), "x")


def test_patch_is_refused_if_the_version_changes_while_it_hashes(scim, babs, noting):
    noting.meanwhile = lambda: scim.patch(babs, replace("title", "Guide"))

    check_error(scim.patch(babs, replace("password", "x"), If_Match='W/"1"'), 412)


def test_no_password_is_hashed_within_a_transaction(scim, babs, noting):
    scim.post("/Users", user("eve", password="a"))
    scim.put(babs, user(password="b"))
    request = bulk_request(
        post("a", user("flo", password="c")),
        put(babs, user(password="d")),
        patch(babs, replace("password", "e")),
        post("b", user("gus", password="f", **managed_by("c"))),
        post("c", user("hal", password="bulkId:b", **managed_by("b"))),
    )
    answer = scim.post("/Bulk", request)

    assert statuses(answer.json["Operations"]) == ["201", "200", "200", "201", "201"]
    assert noting.hashed == ["a", "b", "c", "d", "e", "f", "bulkId:b"]
    assert not noting.held_locks()


def test_patch_of_me_hashes_its_last_password_only(tenant, engine, noting):
    acme = tenant("acme")
    me = acme.create(user())
    with engine.begin() as connection:
        named = tokens.find_tenant(connection, "acme")
        tokens.revoke_token(connection, named, "acme")
        token = tokens.issue_token(connection, named, "acme", me["id"])
    acme.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    answer = acme.patch("/Me", replace("password", "a"), replace("password", "b"))

    assert answer.status_code == 200
    assert noting.hashed == ["b"]


@pytest.fixture
def small(new_client, empty_database):
    return new_client(MAX_PATCH_OPERATIONS=2)


def test_patch_with_too_many_operations_is_refused_before_they_are_looked_at(small):
    path = path_of(small.create(user()))
    operations = [replace("title", "a"), {"op": "jump"}, replace("title", "b")]

    refused = small.patch(path, *operations)
    result = small.post("/Bulk", bulk_request(patch(path, *operations))).json["Operations"][0]

    detail = check_error(refused, 413)
    assert detail == (
        "the request has 3 operations, more than 2 (SCIM_MAX_PATCH_OPERATIONS);"
        " send them in several requests"
    )
    assert (result["status"], result["response"]["detail"]) == ("413", detail)
    assert small.patch(path, *operations[::2]).json["title"] == "b"
