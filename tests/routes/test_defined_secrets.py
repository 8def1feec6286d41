"""RFC 7643 §7: what is ``writeOnly`` and ``never`` returned is kept, and kept to itself."""

import json
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from ..support.definitions import (
    LOCK_SCHEMA,
    ROOM_SCHEMA,
    attribute,
    complex_attribute,
    room,
    rooms,
    schema,
)
from ..support.errors import check_error
from ..support.scim import add, path_of, remove, replace, user

SECRET = {"mutability": "writeOnly", "returned": "never"}
PATHS = ["pin", "lock.code", f"{LOCK_SCHEMA}:key"]


def with_secrets(**attributes):
    """Return a room with secrets at the top, in a complex attribute and in an extension."""
    secrets = {"pin": "s3cret-1", "lock": {"code": "s3cret-2"}, LOCK_SCHEMA: {"key": "s3cret-3"}}
    return room(**secrets, **attributes)


@pytest.fixture
def scim(defining):
    return defining(
        *rooms(
            attribute("displayName"),
            attribute("pin", **SECRET),
            complex_attribute("lock", attribute("model"), attribute("code", **SECRET)),
        ),
        schema(LOCK_SCHEMA, attribute("key", **SECRET), attribute("maker")),
    )


@pytest.fixture
def stored(engine):
    """Read the only room there is: its columns ``body`` and ``search``, and what is hidden."""

    def read():
        columns = "body, CAST(search AS VARCHAR) AS search, hidden"
        with engine.connect() as connection:
            row = connection.execute(sa.text(f"SELECT {columns} FROM resources")).one()
        return row.body, row.search, json.loads(row.hidden or "{}")

    return read


def test_secret_is_in_no_answer_and_nowhere_but_in_its_column(scim, stored):
    sent = with_secrets(displayName="vault")
    created = scim.post("/Rooms", sent).json
    path = path_of(created)
    answers = [
        scim.get(path),
        scim.get("/Rooms"),
        scim.get("/"),
        scim.get(f"{path}?attributes={','.join(PATHS)},{LOCK_SCHEMA},{ROOM_SCHEMA}"),
        scim.put(path, sent | {"displayName": "x"}),
        scim.patch(path, replace("pin", "s3cret-4")),
        scim.patch(f"{path}?attributes=pin", replace("lock.code", "s3cret-5")),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert not [answer for answer in answers if "s3cret" in answer.text]
    assert created.keys() == {"schemas", "id", "displayName", "meta"}
    body, search, hidden = stored()
    assert "s3cret" not in body + search
    assert hidden == {
        "pin": "s3cret-4",
        "lock": {"code": "s3cret-5"},
        LOCK_SCHEMA: {"key": "s3cret-3"},
    }


@pytest.mark.parametrize("path", PATHS)
def test_secret_cannot_be_found_out_by_a_query(scim, path):
    scim.create(with_secrets())

    for text in (f"{path} pr", f'{path} sw "s"', f'not ({path} eq "x")'):
        check_error(scim.get(f"/Rooms?filter={quote(text)}"), 400, "invalidFilter")
    check_error(scim.get(f"/Rooms?sortBy={path}"), 400, "invalidPath")
    assert scim.get("/Rooms?filter=lock pr").json["totalResults"] == 0


def test_put_keeps_the_secrets_that_it_leaves_out(scim, stored):
    created = scim.create(with_secrets(displayName="vault"))

    scim.put(path_of(created), room(lock={"code": "s3cret-4", "model": "X"}))

    _, _, hidden = stored()
    assert hidden == {
        "pin": "s3cret-1",
        "lock": {"code": "s3cret-4"},
        LOCK_SCHEMA: {"key": "s3cret-3"},
    }


@pytest.mark.parametrize("path", PATHS)
def test_change_of_a_secret_is_a_new_version(scim, stored, path):
    created = scim.create(with_secrets(displayName="vault"))

    def patched(operation):
        return scim.patch(path_of(created), operation).json["meta"]["version"]

    versions = [
        patched(replace(path, "s3cret-4")),
        patched(add(path, "s3cret-4")),
        patched(remove(path)),
        patched(remove(path)),
    ]

    assert versions == ['W/"2"', 'W/"2"', 'W/"3"', 'W/"3"']
    _, _, hidden = stored()
    assert len(hidden) == 2


def test_password_of_an_extended_user_is_hashed(defining, engine):
    key = attribute("key", **SECRET)
    scim = defining(schema(LOCK_SCHEMA.replace("Room", "User"), key))
    created = scim.create(user(password="s3cret-1"))

    scim.patch(path_of(created), replace("PASSWORD", "s3cret-2"), add("key", "s3cret-3"))

    with engine.connect() as connection:
        columns = connection.execute(sa.text("SELECT body, search, hidden FROM users")).one()
    assert "argon2" not in f"{columns.body} {columns.search}"
    hidden = json.loads(columns.hidden)
    assert hidden.pop("password").startswith("$argon2id$")
    assert list(hidden.values()) == [{"key": "s3cret-3"}]
