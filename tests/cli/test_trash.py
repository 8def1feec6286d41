"""A deleted resource is kept where no request finds it, until it is restored or purged."""

import pytest
import sqlalchemy as sa

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA

from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, add, enterprise, group, listed, path_of, replace, user

OLD = "UPDATE trash SET deleted = '2001-01-01T00:00:00.000000Z' WHERE id = :id"


def version(resource):
    return int(resource["meta"]["version"].strip('W/"'))


def without_meta(resource):
    return {name: value for name, value in resource.items() if name != "meta"}


@pytest.fixture
def deleted(scim):
    """Create resources and delete the first of them: ``deleted(user(), ...)``."""

    def make(*bodies):
        created = [scim.create(body) for body in bodies]
        assert scim.delete(path_of(created[0])).status_code == 204
        return created

    return make


@pytest.mark.parametrize("body", [user(), group()])
def test_deleted_resource_is_found_by_no_request(scim, deleted, body):
    [gone] = deleted(body)

    path = path_of(gone)
    for response in (
        scim.get(path),
        scim.put(path, body),
        scim.patch(path, replace("externalId", "1")),
        scim.delete(path),
    ):
        check_error(response, 404)
    endpoint = path.rpartition("/")[0]
    for query in ("", f'?filter=id eq "{gone["id"]}"', '?filter=id eq "x" or meta.version pr'):
        assert scim.get(endpoint + query).json["totalResults"] == 0
        assert scim.get("/" + query).json["totalResults"] == 0
    assert scim.post(endpoint, body).status_code == 201


def test_trash_shows_what_was_deleted(run, deleted):
    [tours, babs] = deleted(group("Tour Guides"), user("BJensen"))

    shown = run("trash list")

    assert f"Group       {tours['id']}  Tour Guides\n" in shown
    assert babs["id"] not in shown


def test_empty_trash_says_so(run):
    assert run("trash list") == "The trash is empty.\n"


def test_long_trash_is_cut_and_says_how_much_more_there_is(scim, run, monkeypatch):
    monkeypatch.setattr("scim.cli.trash.SHOWN", 2)
    users = [scim.create(user(f"user{number}")) for number in range(5)]
    for each in users:
        scim.delete(path_of(each))

    [latest, _, more] = run("trash list").splitlines()

    assert users[-1]["id"] in latest
    assert more == "and 3 deleted earlier; --all shows them, SEARCH finds one by its name"
    assert len(run("trash list --all").splitlines()) == 5


def test_trash_is_searched_by_name(run, deleted):
    deleted(user("BJensen@example.com"))
    deleted(group("100% Jensen_Tours"))
    deleted(user("jim"))

    assert len(run("trash list jensen").splitlines()) == 2
    assert "100% Jensen_Tours" in run("trash list 0%")
    assert "BJensen" not in run("trash list 'n_t'")
    assert run("trash list nobody") == "The trash has no such name.\n"


def test_name_restores_too(scim, run, fail, deleted):
    [babs], [team] = deleted(user("Babs")), deleted(group("babs"))

    assert f"(deleted {babs['meta']['created'][:13]}" in fail("trash restore babs")
    assert run("trash restore babs --type user") == f"Restored the User {babs['id']} (Babs).\n"
    assert run("trash restore BABS") == f"Restored the Group {team['id']} (babs).\n"
    assert "no deleted user or group has the id or name" in fail("trash restore babs")


def test_restored_user_is_as_before_with_a_new_version(scim, run, deleted):
    body = user(
        externalId="7",
        password="t1meMa$heen",
        emails=[{"value": "a@example.com", "type": "work"}],
        **enterprise(department="Tours"),
    )
    body["schemas"].append(ENTERPRISE_USER_SCHEMA)
    [gone] = deleted(body)

    assert run(f"trash restore {gone['id']}") == f"Restored the User {gone['id']} (bjensen).\n"

    back = scim.read(gone)
    assert without_meta(back) == without_meta(gone)
    assert back["meta"]["created"] == gone["meta"]["created"]
    assert back["meta"]["lastModified"] > gone["meta"]["lastModified"]
    assert version(back) > version(gone)
    assert scim.get('/Users?filter=userName eq "BJENSEN"').json["totalResults"] == 1
    assert run("trash list") == "The trash is empty.\n"


def test_restored_user_keeps_the_password(scim, run, engine, deleted):
    def hidden():
        with engine.connect() as connection:
            return connection.scalar(sa.text("SELECT hidden FROM users"))

    created = scim.create(user(password="t1meMa$heen"))
    before = hidden()
    scim.delete(path_of(created))
    run(f"trash restore {created['id']}")

    assert before
    assert hidden() == before


def test_restored_user_is_in_the_groups_that_are_still_there(scim, run):
    babs = scim.create(user())
    kept, gone = (scim.create(group(name, babs)) for name in ("kept", "gone"))
    scim.delete(path_of(babs))
    scim.delete(path_of(gone))
    before = scim.read(kept)

    shown = run(f"trash restore {babs['id']}")

    assert f"Without {gone['id']}, which does not exist any more." in shown
    assert [each["value"] for each in scim.read(babs)["groups"]] == [kept["id"]]
    assert [each["value"] for each in scim.read(kept)["members"]] == [babs["id"]]
    assert version(scim.read(kept)) == version(before) + 1


def test_restored_group_has_the_members_that_are_still_there(scim, run):
    babs, jim = scim.create(user("babs")), scim.create(user("jim"))
    inner = scim.create(group("inner"))
    middle = scim.create(group("middle", babs, jim, inner))
    outer = scim.create(group("outer", middle))
    scim.delete(path_of(middle))
    scim.delete(path_of(jim))
    before = scim.read(babs)

    shown = run(f"trash restore {middle['id']}")

    assert f"Without {jim['id']}" in shown
    back = scim.read(middle)
    assert {each["value"] for each in back["members"]} == {babs["id"], inner["id"]}
    assert [each["value"] for each in scim.read(outer)["members"]] == [middle["id"]]
    shown_by_babs = {each["value"]: each["type"] for each in scim.read(babs)["groups"]}
    assert shown_by_babs == {middle["id"]: "direct", outer["id"]: "indirect"}
    assert version(scim.read(babs)) > version(before)


def test_restored_group_is_back_in_all_groups_above_it(scim, run):
    inner = scim.create(group("inner", scim.create(user())))
    middle = scim.create(group("middle", inner))
    outer = [scim.create(group(name, middle)) for name in ("one", "two")]
    scim.delete(path_of(middle))

    run(f"trash restore {middle['id']}")

    for each in outer:
        assert [member["value"] for member in scim.read(each)["members"]] == [middle["id"]]
    assert [member["value"] for member in scim.read(middle)["members"]] == [inner["id"]]


def test_group_that_would_close_a_cycle_is_not_restored(scim, run, fail):
    inner = scim.create(group("inner"))
    middle = scim.create(group("middle", inner))
    outer = scim.create(group("outer", middle))
    scim.delete(path_of(middle))
    scim.patch(path_of(inner), add("members", listed(outer)))

    assert "groups cannot contain each other" in fail(f"trash restore {middle['id']}")

    assert middle["id"] in run("trash list")
    assert scim.get(path_of(middle)).status_code == 404
    scim.patch(path_of(inner), replace("members", []))
    run(f"trash restore {middle['id']}")
    assert [each["value"] for each in scim.read(outer)["members"]] == [middle["id"]]


@pytest.mark.parametrize(("body", "clash"), [(user(), "userName"), (group(), "displayName")])
def test_clash_is_reported_and_nothing_is_overwritten(scim, run, fail, deleted, body, clash):
    [gone] = deleted(body)
    taken = scim.create(body)

    assert f"{clash} is already in use" in fail(f"trash restore {gone['id']}")

    assert scim.read(taken) == taken
    assert scim.get(path_of(gone)).status_code == 404
    assert gone["id"] in run("trash list")


def test_group_is_restored_beside_another_with_its_external_id(scim, run, deleted):
    [gone] = deleted(group(externalId="7"))
    scim.create(group("other", externalId="7"))

    run(f"trash restore {gone['id']}")

    assert scim.read(gone)["externalId"] == "7"


def test_manager_is_restored_without_reports(scim, run):
    boss = scim.create(user("boss", displayName="The Boss"))
    body = user("report", **enterprise(manager={"value": boss["id"]}))
    report = scim.create(body | {"schemas": [*body["schemas"], ENTERPRISE_USER_SCHEMA]})
    scim.delete(path_of(boss))
    cleared = scim.read(report)

    run(f"trash restore {boss['id']}")

    assert ENTERPRISE_USER_SCHEMA not in cleared
    assert scim.read(report) == cleared


def test_what_is_not_in_the_trash_cannot_be_restored(scim, fail):
    there = scim.create(user())

    for resource_id in (UNKNOWN_ID, there["id"]):
        assert "the trash has no resource" in fail(f"trash restore {resource_id}")
    assert "no deleted user or group has the id or name 'bjensen' in the tenant 'default'" in fail(
        "trash restore bjensen"
    )


def test_purge_spares_what_was_deleted_recently(scim, run, engine):
    old, recent = (scim.create(user(name)) for name in ("old", "recent"))
    for each in (old, recent):
        scim.delete(path_of(each))
    with engine.begin() as connection:
        connection.execute(sa.text(OLD), {"id": old["id"]})

    assert run("trash purge") == "Purged 1 deleted more than 30 days ago.\n"

    assert old["id"] not in run("trash list")
    assert recent["id"] in run("trash list")
    assert run("trash purge --days 0") == "Purged 1 deleted more than 0 days ago.\n"
    assert run("trash list") == "The trash is empty.\n"


def test_long_purge_shows_how_far_it_is(scim, attempt, monkeypatch):
    monkeypatch.setattr("scim.storage.trash.PURGED_AT_ONCE", 2)
    for number in range(5):
        scim.delete(path_of(scim.create(user(f"user{number}"))))

    done = attempt("trash purge --days 0")

    assert done.stderr.splitlines() == ["2 purged", "4 purged", "5 purged"]
    assert done.stdout == "Purged 5 deleted more than 0 days ago.\n"


class TestUserWhoIsCreatedAgain:
    """A tenant may choose to have the user restored who was deleted under the same userName."""

    @pytest.fixture(autouse=True)
    def restoring(self, run, app, client):
        assert "restores users" in run("tenant set default --restores")
        app.extensions["scim"].doorkeeper.known.clear()

    def test_comes_back_with_what_the_client_now_says(self, scim):
        before = scim.create(user(displayName="Babs", title="Guide", externalId="7"))
        tours = scim.create(group("Tours", before))
        scim.patch(path_of(before), replace("active", False))
        scim.delete(path_of(before))

        again = scim.post("/Users", user("BJENSEN", displayName="Barbara"))

        assert again.status_code == 201
        assert again.json["id"] == before["id"]
        assert again.json["userName"] == "BJENSEN"
        assert (again.json["displayName"], again.json["title"]) == ("Barbara", "Guide")
        assert again.json["externalId"] == "7"
        assert again.json["active"] is True
        assert [each["value"] for each in again.json["groups"]] == [tours["id"]]
        assert scim.read(before) == again.json

    def test_is_created_anew_if_nobody_had_the_name(self, scim):
        gone = scim.create(user("somebody"))
        scim.delete(path_of(gone))

        assert scim.create(user("bjensen"))["id"] != gone["id"]

    def test_is_refused_if_the_name_is_in_use(self, scim):
        gone = scim.create(user())
        scim.delete(path_of(gone))
        scim.create(user())

        check_error(scim.post("/Users", user()), 409, "uniqueness")

    def test_is_the_one_deleted_last(self, scim):
        first, second = scim.create(user("first")), scim.create(user("second"))
        scim.patch(path_of(second), replace("userName", "x"))
        scim.delete(path_of(first))
        scim.patch(path_of(second), replace("userName", "first"))
        scim.delete(path_of(second))

        assert scim.create(user("first"))["id"] == second["id"]

    def test_is_restored_within_a_bulk_request_too(self, scim):
        gone = scim.create(user())
        scim.delete(path_of(gone))
        operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": user()}
        schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]

        response = scim.post("/Bulk", {"schemas": schemas, "Operations": [operation]})

        [result] = response.json["Operations"]
        assert result["location"].endswith(gone["id"])


def test_user_who_is_created_again_is_another_one_by_default(scim, deleted):
    [gone] = deleted(user())

    assert scim.create(user())["id"] != gone["id"]


def test_resource_that_came_back_can_go_again(scim, run):
    babs = scim.create(user())
    tours = scim.create(group("Tours"))
    for _ in range(2):
        scim.delete(path_of(babs))
        run(f"trash restore {babs['id']}")

    assert scim.patch(path_of(tours), add("members", listed(babs))).status_code == 200
    assert scim.get("/Users").json["totalResults"] == 1
