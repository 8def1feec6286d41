"""RFC 7644 §3.3 to §3.6 at /Users: what is created, replaced and deleted, and what is stored."""

import copy
import json
import unicodedata

import pytest
import sqlalchemy as sa

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from scim.serializers.resources import hasher

from ..support.examples import FULL_ENTERPRISE_USER, FULL_USER
from ..support.scim import UNKNOWN_ID, add, enterprise, path_of, remove, replace, user

SERVER_OWNED = ("id", "meta", "groups", "password")
VALUES = {
    "string": 'Zoë 한국 🎢 "quoted" \\ <b>%_\n\t',
    "reference": "https://example.com/a?b=c&d=%20#e",
    "boolean": True,
    "binary": "TWFu\nTWE=",
}


def sample(attribute, number=1):
    """Return a value for an attribute, another one for each number."""
    if attribute.type == "complex":
        named = {below.name: sample(below, number) for below in writable(attribute)}
        return named | ({"primary": number == 1} if "primary" in named else {})
    value = VALUES[attribute.type]
    return f"{value}{number}" if attribute.type in ("string", "reference") else value


def writable(attribute):
    return [below for below in attribute.sub_attributes if below.mutability != "readOnly"]


def full_user():
    """Return a user with every attribute that the schemas have, twice what is multi-valued."""
    sent = {
        attribute.name: [sample(attribute, 1), sample(attribute, 2)]
        if attribute.multi_valued
        else sample(attribute)
        for attribute in writable(USER.root)
    }
    visible = sent["userName"].replace("\n\t", "")
    return sent | {"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA], "userName": visible}


def shown(sent):
    """Return what an answer shows of a user that was sent so."""
    document = {name: value for name, value in sent.items() if name not in SERVER_OWNED}
    if ENTERPRISE_USER_SCHEMA in document:
        extension = copy.deepcopy(document[ENTERPRISE_USER_SCHEMA])
        for name in ("$ref", "displayName"):  # nobody has that manager's id
            extension["manager"].pop(name, None)
        document[ENTERPRISE_USER_SCHEMA] = extension
    return document


def without_meta(document):
    return {name: value for name, value in document.items() if name not in ("id", "meta")}


@pytest.mark.parametrize(
    "sent",
    [full_user(), FULL_USER, FULL_ENTERPRISE_USER, user()],
    ids=["every attribute of the schemas", "RFC 7643 §8.2", "RFC 7643 §8.3", "userName alone"],
)
def test_user_comes_back_as_it_was_sent(scim, sent):
    created = scim.create(sent)

    assert without_meta(created) == {"active": True} | shown(sent)
    assert scim.read(created) == created


def test_user_comes_back_replaced_as_it_was_sent(scim):
    created = scim.create(user(nickName="Babs", **enterprise(costCenter="1")))

    replaced = scim.put(path_of(created), full_user()).json

    assert without_meta(replaced) == shown(full_user())
    assert scim.read(created) == replaced


def test_created_user_has_an_id_and_meta_of_the_server(scim):
    response = scim.post("/Users", FULL_USER)

    created, meta = response.json, response.json["meta"]
    assert response.status_code == 201
    assert created["id"] != FULL_USER["id"]
    assert meta["resourceType"] == "User"
    assert meta["location"] == f"http://localhost/scim/v2/Users/{created['id']}"
    assert meta["created"] == meta["lastModified"] > "2026"
    assert response.headers["Location"] == meta["location"]
    assert response.headers["Content-Location"] == meta["location"]
    assert "groups" not in created


@pytest.mark.parametrize("empty", [None, [], {}], ids=["null", "[]", "{}"])
def test_null_and_empty_are_absent(scim, empty):
    created = scim.create(
        user(
            title=None if empty == {} else empty or None,
            emails=[] if empty == {} else empty,
            name=None if empty == [] else empty,
            **{ENTERPRISE_USER_SCHEMA: None if empty == [] else empty},
        )
    )

    assert without_meta(created) == user(active=True)


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ("bjensen", "bjensen"),
        ("bjensen", "BJensen"),
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED.upper()),
        ("straße", "STRASSE"),
        ("bjensen", "\N{FULLWIDTH LATIN SMALL LETTER B}jensen"),
        ("\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER FINAL SIGMA}"),
    ],
)
def test_user_name_is_unique_regardless_of_case_and_normal_form(scim, taken, name):
    scim.create(user(taken))
    other = scim.create(user("other"))

    for response in (
        scim.post("/Users", user(name)),
        scim.put(path_of(other), user(name)),
        scim.patch(path_of(other), replace("userName", name)),
        scim.patch(path_of(other), add("nickName", "x"), replace(None, {"userName": name})),
    ):
        assert response.status_code == 409
        assert response.json["scimType"] == "uniqueness"
        assert "userName" in response.json["detail"]
    assert scim.read(other) == other


def test_user_may_change_the_case_of_its_own_name(scim):
    created = scim.create(user("bjensen"))

    assert scim.put(path_of(created), user("BJensen")).json["userName"] == "BJensen"
    assert scim.patch(path_of(created), replace("userName", "bJENSEN")).status_code == 200
    assert scim.read(created)["userName"] == "bJENSEN"


def test_external_id_of_users_is_not_unique(scim):
    scim.create(user("a", externalId="1"))
    other = scim.create(user("b", externalId="1"))

    assert other["externalId"] == "1"
    assert scim.patch(path_of(other), replace("externalId", "")).status_code == 200


def test_replace_clears_what_is_left_out(scim):
    created = scim.create(FULL_ENTERPRISE_USER)

    replaced = scim.put(path_of(created), user("bjensen")).json

    assert without_meta(replaced) == user("bjensen", active=True)
    assert replaced["id"] == created["id"]
    assert replaced["meta"]["created"] == created["meta"]["created"]
    assert replaced["meta"]["lastModified"] > created["meta"]["lastModified"]


def test_replace_keeps_the_password_and_active(scim, engine):
    created = scim.create(user(password="t1meMa$heen", active=False))
    before = stored_password(engine)

    replaced = scim.put(path_of(created), user()).json

    assert replaced["active"] is False
    assert stored_password(engine) == before


def test_replace_with_the_same_changes_nothing(scim):
    created = scim.create(FULL_USER)

    assert scim.put(path_of(created), created).json == created
    assert scim.read(created) == created


def test_replace_does_not_create(scim):
    response = scim.put(f"/Users/{UNKNOWN_ID}", user())

    assert response.status_code == 404
    assert scim.get("/Users").json["totalResults"] == 0


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"schemas": [USER_SCHEMA]}, "userName is required"),
        (user(None), "userName is required"),
        (user(""), "userName is required"),
        (user(7.5), "userName"),
        (user(["x", "y"]), "userName"),
        (user("x" * 2001), "userName is longer than 2000 bytes"),
        (user("é" * 1001), "userName is longer than 2000 bytes"),
        (user(externalId="x" * 2001), "externalId is longer than 2000 bytes"),
        (user(emails=[{"value": 7.5}]), "emails[0].value"),
        (user(active="perhaps"), "active"),
        (user(nickName="a\0b"), "nickName"),
        ({"userName": "bjensen"}, "schemas"),
        ([], "object"),
        (7, "object"),
    ],
)
def test_body_that_is_no_user_is_refused(scim, body, detail):
    created = scim.create(user("other"))

    for response in (scim.post("/Users", body), scim.put(path_of(created), body)):
        assert response.status_code == 400
        assert response.json["scimType"] in ("invalidValue", "invalidSyntax")
        assert detail in response.json["detail"]
    assert scim.read(created) == created
    assert scim.get("/Users").json["totalResults"] == 1


def test_longest_user_name_is_found(scim):
    created = scim.create(user("x" * 2000))

    assert scim.get(f'/Users?filter=userName eq "{"X" * 2000}"').json["Resources"] == [created]


def test_deleted_user_is_found_by_no_request(scim):
    created = scim.create(user())
    path = path_of(created)

    response = scim.delete(path)

    assert (response.status_code, response.data) == (204, b"")
    for again in (
        scim.get(path),
        scim.put(path, user()),
        scim.patch(path, replace("title", "x")),
        scim.delete(path),
        scim.delete(path, If_Match="*"),
    ):
        assert again.status_code == 404
        assert again.json["status"] == "404"
    assert scim.get("/Users").json["totalResults"] == 0
    assert scim.get('/Users?filter=userName eq "bjensen"').json["totalResults"] == 0
    assert scim.create(user())["id"] != created["id"]


def test_inactive_user_is_still_there(scim):
    created = scim.create(user())

    scim.patch(path_of(created), replace("active", False))

    assert scim.read(created)["active"] is False
    assert scim.get("/Users").json["totalResults"] == 1


@pytest.mark.parametrize(
    "user_id",
    [UNKNOWN_ID, "1", "x" * 300, "..", "%00", "2819C223-7F76-453A-919D-413861904646", "ä"],
)
def test_unknown_id_is_not_found(scim, user_id):
    scim.create(user())

    assert scim.get(f"/Users/{user_id}").status_code == 404
    assert scim.delete(f"/Users/{user_id}").status_code == 404


def stored_password(engine):
    with engine.connect() as connection:
        hidden = connection.scalar(sa.text("SELECT hidden FROM users"))
    return json.loads(hidden)["password"] if hidden else None


def test_password_is_stored_as_its_hash_and_never_returned(scim, engine):
    response = scim.post("/Users", user(password="t1meMa$heen"))
    path = path_of(response.json)

    for secret, change in (
        ("t1meMa$heen", lambda: response),
        ("second", lambda: scim.put(path, user(password="second"))),
        ("third", lambda: scim.patch(path, replace("password", "third"))),
        ("fourth", lambda: scim.patch(path, replace(None, {"password": "fourth"}))),
    ):
        answer = change()
        assert answer.status_code in (200, 201)
        assert "argon2" not in answer.text
        assert secret not in answer.text
        assert hasher.verify(stored_password(engine), secret)
        with engine.connect() as connection:
            row = connection.execute(sa.text("SELECT body, search FROM users")).one()
        assert secret not in str(row)
    assert "password" not in scim.get(f"{path}?attributes=password").json


def test_password_can_be_removed(scim, engine):
    created = scim.create(user(password="t1meMa$heen"))

    assert scim.patch(path_of(created), remove("password")).status_code == 200
    assert stored_password(engine) is None


def test_password_is_not_in_the_log(server):
    secret = "t1meMa$heen"
    created = server.session.post("/Users", json=user(password=secret)).json()
    server.session.patch(
        path_of(created),
        json={"schemas": ["?"], "Operations": [replace("password", secret), remove("userName")]},
    )
    server.session.post("/Users", json=user(password=secret))
    server.session.post("/Users", content=f'{{"password": "{secret}"')

    assert "POST /scim/v2/Users 201" in server.log
    assert secret not in server.log
