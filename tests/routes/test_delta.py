"""Delta queries (draft-sehgal-scim-delta-query): what has changed since a token was issued."""

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import create_app
from scim.protocol.delta import DELTA_REQUEST_SCHEMA, DELTA_RESPONSE_SCHEMA, DELTA_TOKEN_SCHEMA
from scim.protocol.discovery import CONFIGURATION_SCHEMA
from scim.provider import recovery
from scim.storage import delta
from scim.storage.keys import now
from scim.storage.tokens import DEFAULT_TENANT, list_tenants

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, add, group, listed, path_of, remove, replace, user


def token_of(scim, endpoint="/Users"):
    answer = scim.get(f"{endpoint}/.deltaToken")
    assert answer.status_code == 200, answer.text
    message = answer.json
    assert message["schemas"] == [DELTA_TOKEN_SCHEMA]
    assert message["expiry"] > now()
    return message["value"]


def asked(scim, token, endpoint="/Users", **parameters):
    body = {"schemas": [DELTA_REQUEST_SCHEMA], "deltaToken": token, **parameters}
    return scim.post(f"{endpoint}/.delta", body)


def changed(scim, token, endpoint="/Users", **parameters):
    """Return the responses of all pages by the ids of the resources, and the next token."""
    found, cursor = [], {}
    while True:
        page = asked(scim, token, endpoint, **parameters, **cursor).json
        found += page["Resources"]
        assert page["itemsPerPage"] == len(page["Resources"])
        if "nextDeltaToken" in page:
            assert "nextCursor" not in page
            break
        cursor = {"cursor": page["nextCursor"]}
    assert all(each["schemas"] == [DELTA_RESPONSE_SCHEMA] for each in found)
    return found, page["nextDeltaToken"]["value"]


def told(found):
    return {each["changedResourceId"]: each["changeType"] for each in found}


@pytest.fixture
def store(app, engine):
    with engine.connect() as connection:
        [tenant] = [each for each in list_tenants(connection) if each.id == DEFAULT_TENANT]
    return app.extensions["scim"].store(tenant, "manage.py")


def test_changes_since_a_token_and_nothing_else(scim):
    babs, ada = scim.create(user("babs")), scim.create(user("ada"))
    token = token_of(scim)
    assert changed(scim, token)[0] == []

    scim.patch(path_of(babs), replace("title", "Guide"))
    carl, gone = scim.create(user("carl")), scim.create(user("gone"))
    scim.delete(path_of(ada))
    scim.delete(path_of(gone))
    found, following = changed(scim, token)

    assert told(found) == {
        babs["id"]: "update",
        carl["id"]: "create",
        ada["id"]: "delete",
        gone["id"]: "delete",
    }
    by_id = {each["changedResourceId"]: each for each in found}
    assert by_id[carl["id"]]["data"] == scim.read(carl)
    assert by_id[babs["id"]]["data"]["title"] == "Guide"
    assert by_id[ada["id"]].keys() == {
        *("schemas", "resourceType", "changeType", "changedResourceId")
    }
    assert changed(scim, following)[0] == []
    scim.patch(path_of(carl), replace("title", "x"))
    assert told(changed(scim, following)[0]) == {carl["id"]: "update"}
    assert told(changed(scim, token)[0])[carl["id"]] == "create"  # the old token is still good


def test_change_of_members_is_an_update_of_the_group_and_of_the_users(scim):
    babs, ada, carl = (scim.create(user(name)) for name in ("babs", "ada", "carl"))
    tours = scim.create(group("Tours", babs, ada))
    groups, users = token_of(scim, "/Groups"), token_of(scim)

    scim.patch(
        path_of(tours), add("members", listed(carl)), remove(f'members[value eq "{babs["id"]}"]')
    )
    scim.patch(path_of(tours), add("members", listed(babs)), replace("displayName", "Trips"))
    scim.delete(path_of(ada))

    [only], following = changed(scim, groups, "/Groups")
    assert (only["changeType"], only["changedResourceId"]) == ("update", tours["id"])
    rename, join, leave = only["operations"]
    assert rename == {"op": "replace", "path": "displayName", "value": "Trips"}
    assert leave == {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}
    assert (join["op"], join["path"]) == ("add", "members")  # also who left and came back
    assert {each["value"] for each in join["value"]} == {carl["id"], babs["id"]}
    assert told(changed(scim, users)[0]) == {
        babs["id"]: "update",
        carl["id"]: "update",
        ada["id"]: "delete",
    }
    [whole], _ = changed(scim, groups, "/Groups", excludedAttributes=["members"])
    assert whole["data"]["displayName"] == "Trips"
    assert "members" not in whole["data"]
    new = scim.create(group("New", babs))
    [made], _ = changed(scim, following, "/Groups")
    assert (made["changeType"], made["data"]["members"][0]["value"]) == ("create", babs["id"])
    assert made["changedResourceId"] == new["id"]


def test_walk_misses_nothing_that_others_write_meanwhile(scim):
    token = token_of(scim)
    made = [scim.create(user(f"u{number}")) for number in range(7)]

    first = asked(scim, token, count=3).json
    assert first["totalResults"] == 7
    late = scim.create(user("late"))
    scim.patch(path_of(made[6]), replace("title", "moved behind the end"))
    scim.delete(path_of(made[0]))
    second = asked(scim, token, count=3, cursor=first["nextCursor"]).json
    seen = told(first["Resources"] + second["Resources"])
    while "nextCursor" in second:
        second = asked(scim, token, count=3, cursor=second["nextCursor"]).json
        seen |= told(second["Resources"])

    created = dict.fromkeys((each["id"] for each in (*made[1:], late)), "create")
    assert seen == {**created, made[0]["id"]: "delete"}
    assert second["Resources"][-1]["changedResourceId"] == made[0]["id"]
    following = second["nextDeltaToken"]["value"]
    assert changed(scim, following)[0] == []
    scim.patch(path_of(made[6]), replace("title", "x"))
    assert told(changed(scim, following)[0]) == {made[6]["id"]: "update"}
    check_error(asked(scim, following, cursor=first["nextCursor"]), 400, "invalidCursor")
    check_error(asked(scim, token, count=2, cursor=first["nextCursor"]), 400, "invalidCount")


def test_walk_ends_however_much_others_write_meanwhile(scim):
    token = token_of(scim)
    made = {scim.create(user(f"u{number}"))["id"] for number in range(3)}
    told_of, cursor = set(), {}

    for _ in range(20):
        page = asked(scim, token, count=1, **cursor).json
        told_of |= told(page["Resources"]).keys()
        if "nextDeltaToken" in page:
            break
        cursor = {"cursor": page["nextCursor"]}
        made |= {scim.create(user(f"{len(made)}-{number}"))["id"] for number in range(2)}

    following = page["nextDeltaToken"]["value"]
    assert told_of | told(changed(scim, following)[0]).keys() == made


def test_filter_is_met_by_the_resource_as_it_is(scim):
    token = token_of(scim)
    babs, ada = scim.create(user("babs", title="Guide")), scim.create(user("ada"))
    gone = scim.create(user("gone", title="Guide"))
    scim.delete(path_of(gone))

    found, _ = changed(scim, token, filter='title eq "guide"', attributes=["title"])

    assert told(found) == {babs["id"]: "create", gone["id"]: "delete"}
    assert found[0]["data"].keys() == {"schemas", "id", "title"}
    scim.patch(path_of(ada), replace("title", "Guide"))
    assert ada["id"] in told(changed(scim, token, filter="title pr")[0])
    check_error(asked(scim, token, filter="shoe pr"), 400, "invalidFilter")
    check_error(asked(scim, token, sortBy="userName"), 400, "invalidPath")
    check_error(asked(scim, token, startIndex=2), 400, "invalidValue")
    counted = asked(scim, token, count=0).json
    assert (counted["totalResults"], counted["Resources"]) == (3, [])
    assert "nextDeltaToken" not in counted


def test_root_has_all_types_and_a_token_only_its_own(scim):
    everything, users = token_of(scim, ""), token_of(scim)
    babs, tours = scim.create(user()), scim.create(group())

    found, following = changed(scim, everything, "")

    assert [each["resourceType"] for each in found] == ["User", "Group"]
    assert told(changed(scim, everything, "/Groups")[0]) == {tours["id"]: "create"}
    assert told(changed(scim, users)[0]) == {babs["id"]: "create"}
    check_error(asked(scim, users, "/Groups"), 400, "invalidValue")
    check_error(asked(scim, users, ""), 400, "invalidValue")
    assert changed(scim, following, "")[0] == []


def test_restored_resource_is_created_again(scim, store):
    babs = scim.create(user())
    scim.delete(path_of(babs))
    token = token_of(scim)
    recovery.restore(store, babs["id"])

    assert told(changed(scim, token)[0]) == {babs["id"]: "create"}
    scim.delete(path_of(babs))
    assert told(changed(scim, token)[0]) == {babs["id"]: "delete"}


@pytest.mark.parametrize("forgets", ["trash", "history", "ids"])
def test_what_was_purged_is_never_left_out_silently(scim, store, forgets):
    babs = scim.create(user())
    token = token_of(scim)
    scim.delete(path_of(babs))
    purge = {
        "trash": lambda: list(recovery.purge_trash(store, "9")),
        "history": lambda: list(recovery.purge_history(store, "9")),
        "ids": lambda: recovery.forget(store, [babs["id"]]),
    }[forgets]
    assert purge()

    assert "purged" in check_error(asked(scim, token), 400, "invalidValue")
    if forgets == "ids":
        assert changed(scim, token_of(scim))[0] == []


@EVERYDAY_ON_ONE_DATABASE
def test_token_is_of_one_directory_and_expires(scim, tenant, monkeypatch):
    token = token_of(scim)
    for forged in ("", "x", f"{token}x", token_of(tenant("acme"))):
        assert "deltaToken" in check_error(asked(scim, forged), 400, "invalidValue")
    body = {"schemas": [DELTA_REQUEST_SCHEMA]}
    check_error(scim.post("/Users/.delta", body), 400, "invalidSyntax")
    monkeypatch.setattr("scim.routes.delta.DAY", -1)
    assert "expired" in check_error(asked(scim, token), 400, "invalidValue")


@EVERYDAY_ON_ONE_DATABASE
def test_without_history_a_group_comes_whole(new_client, scim):
    forgetful = new_client(HISTORY_DAYS=0)
    babs, tours = forgetful.create(user()), forgetful.create(group())
    token = token_of(forgetful, "/Groups")

    forgetful.patch(path_of(tours), add("members", listed(babs)))

    [only], _ = changed(forgetful, token, "/Groups")
    assert (only["changeType"], only["data"]) == ("update", forgetful.read(tours))
    scim.patch(path_of(tours), remove("members"))  # history knows a part of it
    [only], _ = changed(scim, token, "/Groups")
    assert only["data"] == scim.read(tours)


def test_more_changes_than_a_token_lists_come_again(scim, monkeypatch):
    monkeypatch.setattr(delta, "MOST_SEEN", 1)
    old, new = scim.create(user("old")), scim.create(user("new"))

    assert told(changed(scim, token_of(scim))[0]).keys() == {old["id"]}
    assert new["id"] not in told(changed(scim, token_of(scim))[0])


def test_write_that_is_committed_after_the_token_is_not_missed(scim, engine, monkeypatch):
    """Its instant is before the token. SQLite waits for it, PostgreSQL goes back behind it."""
    monkeypatch.setattr(delta, "WINDOW", timedelta(0))
    monkeypatch.setattr(delta, "SKEW", timedelta(0))
    babs, tokens = scim.create(user()), []
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET version = version"))
        written = "UPDATE users SET version = version + 1, last_modified = :at"
        connection.execute(sa.text(written), {"at": now()})
        thread = threading.Thread(target=lambda: tokens.append(token_of(scim)))
        thread.start()
        thread.join(0.3)
        assert bool(tokens) == (engine.dialect.name == "postgresql")
    thread.join()

    [token] = tokens
    expected = {babs["id"]} if engine.dialect.name == "postgresql" else set()
    assert told(changed(scim, token)[0]).keys() == expected
    time.sleep(0.001)
    scim.patch(path_of(babs), replace("title", "x"))
    assert told(changed(scim, token)[0]) == {babs["id"]: "update"}


@EVERYDAY_ON_ONE_DATABASE
def test_delta_query_is_announced_where_it_is_wanted(scim, database_url):
    settings = {"DATABASE_URL": database_url, "TESTING": True, "ANNOUNCE_DELTA_QUERY": True}
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    announcing = Scim(client)
    schema = f"/Schemas/{CONFIGURATION_SCHEMA}"

    assert "DeltaQuery" not in scim.get("/ServiceProviderConfig").json
    assert "DeltaQuery" not in scim.get(schema).text
    assert "DeltaQuery" in announcing.get(schema).text
    assert announcing.get("/ServiceProviderConfig").json["DeltaQuery"] == {
        "supported": True,
        "deltaTokenExpiry": 30 * 86_400,
        "supportedResources": ["ServerRoot", "User", "Group"],
    }
    check_error(scim.get("/GroupMemberships/.deltaToken"), 404)
