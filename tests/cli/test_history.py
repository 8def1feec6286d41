"""Every change is kept with who, when and what; an earlier version can be had back."""

import re

import pytest
import sqlalchemy as sa

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA

from ..support.bulk import bulk_request, delete
from ..support.scim import (
    UNKNOWN_ID,
    add,
    enterprise,
    group,
    listed,
    path_of,
    remove,
    replace,
    user,
)


def version(resource):
    return int(resource["meta"]["version"].strip('W/"'))


def without_meta(resource):
    return {name: value for name, value in resource.items() if name != "meta"}


@pytest.fixture
def changes(engine):
    """Return the rows of a table, without those of the resources that are there."""

    def rows(table="changes"):
        with engine.connect() as connection:
            return connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY version")).all()

    return rows


@pytest.fixture
def told(run):
    """Give a command that must succeed; return what it prints without the ids of requests."""
    return lambda command: re.sub(r"  request_id=\S+", "", run(command))


def test_each_change_is_shown_with_who_when_and_what(scim, told):
    babs = scim.create(user("bjensen", emails=[{"value": "b@example.com", "type": "work"}]))
    scim.patch(path_of(babs), replace("active", False), add("name.givenName", "Barbara"))
    scim.put(path_of(babs), user("babs", emails=[{"value": "b@example.com", "type": "home"}]))

    shown = told(f"history {babs['id']}")

    first, second, third = shown.split("version ")[1:]
    assert first.split()[:4] == ["1", f"{babs['meta']['created'][:19]}Z", "SCIM_TOKEN", "create"]
    assert '  + userName: "bjensen"\n' in first
    assert second.splitlines()[1:] == [
        "  - active: true",
        "  + active: false",
        '  + name.givenName: "Barbara"',
    ]
    assert third.split()[3] == "replace"
    assert third.splitlines()[1:] == [
        '  - userName: "bjensen"',
        '  + userName: "babs"',
        '  - name.givenName: "Barbara"',
        '  - emails: {"value": "b@example.com", "type": "work"}',
        '  + emails: {"value": "b@example.com", "type": "home"}',
    ]


def test_password_is_in_no_history(scim, run, changes):
    babs = scim.create(user(password="t1meMa$heen"))
    scim.patch(path_of(babs), replace("password", "s3cret"))

    shown = run(f"history {babs['id']}")

    assert "an attribute changed that is never shown, a password for example" in shown
    for text in (shown, str(changes())):
        assert "t1meMa$heen" not in text
        assert "s3cret" not in text
        assert "argon2" not in text


def test_members_are_shown_to_the_group_and_to_the_member(scim, run):
    babs, jim = scim.create(user("bjensen")), scim.create(user("jim"))
    tours = scim.create(group("Tour Guides", babs))
    scim.patch(path_of(tours), add("members", listed(jim)))
    scim.patch(path_of(tours), remove(f'members[value eq "{babs["id"]}"]'))

    of_group, of_babs = run(f"history {tours['id']}"), run(f"history {babs['id']}")

    assert of_group.split("version ")[1].splitlines()[-1] == f"  + member {babs['id']} (bjensen)"
    assert of_group.split("version ")[2].splitlines()[1:] == [f"  + member {jim['id']} (jim)"]
    assert of_group.split("version ")[3].splitlines()[1:] == [f"  - member {babs['id']} (bjensen)"]
    joined, left = of_babs.splitlines()[-2:]
    assert joined.endswith(f"SCIM_TOKEN  joined the group {tours['id']} (Tour Guides)")
    assert left.endswith(f"SCIM_TOKEN  left the group {tours['id']} (Tour Guides)")


def test_long_list_of_members_is_cut_and_says_so(scim, run, monkeypatch):
    monkeypatch.setattr("scim.cli.history.MEMBERS_SHOWN", 2)
    tours = scim.create(group("Tours", *(scim.create(user(f"user{n}")) for n in range(5))))

    assert run(f"history {tours['id']}").splitlines()[-1] == "  and 3 more members"


def test_deletion_is_kept_with_what_it_did_to_others(scim, run, told):
    boss, babs = scim.create(user("boss")), scim.create(user("babs"))
    body = user("report", **enterprise(manager={"value": boss["id"]}))
    report = scim.create(body | {"schemas": [*body["schemas"], ENTERPRISE_USER_SCHEMA]})
    tours = scim.create(group("Tours", boss, babs))
    scim.delete(path_of(boss))
    scim.delete(path_of(tours))

    assert "SCIM_TOKEN  delete\n" in told(f"history {boss['id']}")
    because = f"SCIM_TOKEN  patch, because {boss['id']} (boss) was deleted\n"
    assert because in told(f"history {report['id']}")
    assert f'  - {ENTERPRISE_USER_SCHEMA}:manager.value: "{boss["id"]}"' in run(
        f"history {report['id']}"
    )
    of_group = told(f"history {tours['id']}")
    assert f"{because}  - member {boss['id']} (boss)\n" in of_group
    assert f"  - member {babs['id']} (babs)\n" in of_group
    assert f"left the group {tours['id']} (Tours)\n" in told(f"history {babs['id']}")


def test_what_changed_nothing_is_not_kept(scim, changes):
    babs = scim.create(user())
    scim.patch(path_of(babs), replace("userName", "bjensen"))
    scim.patch(path_of(babs), remove("userName"))

    assert [row.operation for row in changes()] == ["create"]


def test_failed_request_leaves_no_history(scim, changes):
    scim.create(user("taken"))
    babs = scim.create(user())
    kept = changes()

    assert scim.patch(path_of(babs), replace("userName", "taken")).status_code == 409
    assert scim.post("/Users", user()).status_code == 409

    assert changes() == kept


def test_history_is_not_kept_where_its_days_are_none(database_url, empty_database, changes):
    from app import create_app  # noqa: PLC0415

    app = create_app({"DATABASE_URL": database_url, "TESTING": True, "HISTORY_DAYS": 0})
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"

    assert client.post("/scim/v2/Users", json=user()).status_code == 201
    assert changes() == []
    app.extensions["scim"].database.close()


def test_history_names_the_token(scim, run, told, client):
    token = run("token issue okta").strip()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    babs = scim.create(user())

    assert "Z  okta  create\n" in told(f"history {babs['id']}")


@pytest.mark.parametrize("other", ["bjensen@example.com", "--since 1h", "--type User"])
def test_purge_is_never_of_a_part(fail, other):
    assert "--purge takes no NAME, --type or --since" in fail(f"history --purge {other}")


def test_purge_forgets_what_is_old(scim, run, engine, changes):
    babs = scim.create(user("babs"))
    tours = scim.create(group("Tours", babs))
    scim.patch(path_of(babs), replace("active", False))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE changes SET at = '2001' WHERE version = 1"))

    assert run("history --purge") == "Purged 2 changes made more than 365 days ago.\n"

    assert [row.operation for row in changes()] == ["patch"]
    assert changes("member_changes") == []
    assert scim.read(tours)["members"]


def test_unknown_resource_has_no_history(fail):
    assert "no change of a resource" in fail(f"history {UNKNOWN_ID}")
    assert "give the name of a user or group" in fail("history")
    assert "no user or group has the id or name 'nobody'" in fail("history nobody")


def test_user_goes_back_to_an_earlier_version_as_the_next_one(scim, run):
    babs = scim.create(user("bjensen", title="Guide", externalId="7"))
    scim.put(path_of(babs), user("babs", active=False))
    scim.patch(path_of(babs), add("nickName", "Babs"))

    said = run(f"revert {babs['id']} --to 1")

    assert said == "The User is now at version 4, as it was at 1.\n"
    back = scim.read(babs)
    assert without_meta(back) == without_meta(babs)
    assert version(back) == 4
    assert "manage.py  revert to version 1\n" in run(f"history {babs['id']}")
    assert scim.get('/Users?filter=userName eq "bjensen"').json["totalResults"] == 1


def test_revert_can_be_reverted(scim, run):
    babs = scim.create(user("bjensen"))
    changed = scim.patch(path_of(babs), replace("userName", "babs")).json
    run(f"revert {babs['id']} --to 1")
    run(f"revert {babs['id']} --to 2")

    assert without_meta(scim.read(babs)) == without_meta(changed)


def test_revert_keeps_the_password(scim, run, engine):
    babs = scim.create(user(password="first"))
    scim.patch(path_of(babs), replace("password", "second"), replace("title", "Guide"))
    with engine.connect() as connection:
        before = connection.scalar(sa.text("SELECT hidden FROM users"))

    run(f"revert {babs['id']} --to 1")

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT hidden FROM users")) == before


def test_group_goes_back_to_its_members_too(scim, run):
    babs, jim, gone = (scim.create(user(name)) for name in ("babs", "jim", "gone"))
    inner = scim.create(group("inner"))
    tours = scim.create(group("Tours", babs, gone, inner))
    scim.patch(path_of(tours), replace("members", listed(jim)))
    scim.patch(path_of(tours), replace("displayName", "Guides"), add("members", listed(babs)))
    scim.delete(path_of(gone))
    before = version(scim.read(tours))

    said = run(f"revert {tours['id']} --to 1")

    assert f"Without {gone['id']}" in said
    back = scim.read(tours)
    assert back["displayName"] == "Tours"
    assert {each["value"] for each in back["members"]} == {babs["id"], inner["id"]}
    assert version(back) == before + 1
    assert "groups" not in scim.read(jim)


def test_revert_to_what_is_taken_is_refused(scim, fail):
    babs = scim.create(user("bjensen"))
    scim.patch(path_of(babs), replace("userName", "babs"))
    scim.create(user("bjensen"))
    before = scim.read(babs)

    assert "userName is already in use" in fail(f"revert {babs['id']} --to 1")

    assert scim.read(babs) == before


@pytest.mark.parametrize("number", [0, -1, 2])
def test_revert_to_no_version_is_refused(scim, fail, number):
    babs = scim.create(user())

    assert "the resource has only version 1, not" in fail(f"revert {babs['id']} --to {number}")


def test_deleted_resource_is_restored_before_it_is_reverted(scim, run, fail):
    babs = scim.create(user("bjensen"))
    scim.patch(path_of(babs), replace("userName", "babs"))
    scim.delete(path_of(babs))

    assert "restore it first" in fail(f"revert {babs['id']} --to 1")

    run(f"trash restore {babs['id']}")
    run(f"revert {babs['id']} --to 1")
    assert scim.read(babs)["userName"] == "bjensen"


def test_what_is_unknown_cannot_be_reverted(fail):
    assert "no change of" in fail(f"revert {UNKNOWN_ID} --to 1")


def test_commands_escape_what_clients_sent(scim, run):
    odd = "\x1b[2J\u202e\nforged"
    babs = scim.create(user(title=f"a{odd}", displayName=f"b{odd}\x9b"))
    tours = scim.create(group(f"c{odd}", babs))

    shown = [run(f"history {babs['id']}"), run(f"history {tours['id']}")]
    scim.delete(path_of(tours))
    shown += [run("trash list"), run(f"history {babs['id']}")]

    for text in shown:
        assert text.replace("\n", "").isprintable()
        assert "\nforged" not in text
    assert "c\\x1b[2J\\u202e\\nforged" in shown[2]


def test_names_stand_for_ids(scim, run):
    babs, tours = scim.create(user("BJensen")), scim.create(group("Tour Guides"))
    scim.patch(path_of(babs), replace("title", "Guide"))

    assert run("history bjensen") == run(f"history {babs['id']}")
    assert run("history 'tour guides'") == run(f"history {tours['id']}")
    assert "at version 3, as it was at 1" in run("revert bJENSEN --to 1")
    assert "title" not in scim.read(babs)


def test_name_of_several_needs_a_type_or_an_id(scim, run, fail):
    babs, team = scim.create(user("babs")), scim.create(group("babs"))

    line = fail("history babs")

    assert f"'babs' names several: User {babs['id']}, Group {team['id']}; give --type" in line
    assert run("history babs --type group") == run(f"history {team['id']}")
    assert "no Device has the id or name 'babs'" in fail("history babs --type Device")


def test_deleted_one_is_found_by_name_unless_another_has_it(scim, run):
    first = scim.create(user("babs"))
    scim.delete(path_of(first))
    assert run("history babs") == run(f"history {first['id']}")

    second = scim.create(user("babs"))

    assert run("history babs") == run(f"history {second['id']}")


def test_everything_that_changed_is_shown_newest_last(scim, told):
    babs = scim.create(user("babs", title="Guide"))
    tours = scim.create(group("Tours", babs))
    scim.patch(path_of(babs), replace("title", "Boss"))
    scim.patch(path_of(tours), remove("members"))
    scim.delete(path_of(tours))

    shown = [line for line in told("history --since 1h").splitlines() if not line.startswith(" ")]

    user_id, group_id = f"User {babs['id']} (babs)", f"Group {tours['id']} (Tours)"
    assert [line.partition("  SCIM_TOKEN  ")[2] for line in shown] == [
        f"create  {user_id} version 1",
        f"create  {group_id} version 1",
        f"patch  {user_id} version 3",
        f"patch  {group_id} version 2",
        f"delete  {group_id} version 3",
    ]
    assert '  - title: "Guide"\n  + title: "Boss"\n' in told("history --since 1h")
    assert f"  - member {babs['id']} (babs)\n" in told("history --since 1h")
    assert "  - displayName" in told("history --since 1h")


def test_long_period_is_read_in_parts(scim, run, monkeypatch):
    monkeypatch.setattr("scim.storage.history.READ_AT_ONCE", 2)
    users = [scim.create(user(f"user{number}")) for number in range(5)]

    shown = run("history --since 2020-01-01")

    assert [shown.count(each["id"] + " (") for each in users] == [1] * 5


def test_period_limits_the_history_of_one_too(scim, run, engine):
    babs = scim.create(user("babs"))
    scim.patch(path_of(babs), replace("title", "Guide"))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE changes SET at = '2001' WHERE version = 1"))

    assert run("history babs --since 7d").startswith("version 2")
    assert run("history --since 7d").count("version") == 1
    assert run("history --since 2999-01-01") == "Nothing has changed since then.\n"
    assert run("history babs --since 2999-01-01") == "Nothing has changed since then.\n"


@pytest.mark.parametrize("when", ["yesterday", "1", "h", "-1h", "999999w", "2026-13-01", ""])
def test_period_that_is_none_is_refused(fail, when):
    assert "is neither 30m, 1h, 7d nor a date" in fail(f"history --since '{when}'")


def test_each_change_names_its_request_as_the_log_does(scim, run):
    made = scim.post("/Users", user(), X_Request_Id="of-the-proxy:1")
    path = path_of(made.json)
    gone = bulk_request(delete(path))
    sent = [scim.patch(path, add("title", "Guide")), scim.post("/Bulk", gone)]
    run(f"trash restore {made.json['id']}")

    lines = [line for line in run(f"history {made.json['id']}").splitlines() if "version" in line]

    ids = ["of-the-proxy:1", *(each.headers["X-Request-Id"] for each in sent)]
    assert [line.partition("request_id=")[2] for line in lines] == [*ids, ""]
    assert run("history --since 1h").count(f" request_id={ids[1]}\n") == 1
