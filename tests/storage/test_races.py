"""Two server processes, many clients at once: nothing is lost, nothing fails that could wait."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA

from ..support.bulk import bulk_request, post
from ..support.definitions import EXAMPLE_FOLDERS, badge
from ..support.nesting import closure
from ..support.scim import add, group, listed, patch_op, path_of, remove, replace, user
from ..support.server import open_session

CLIENTS = 24


def at_once(server, calls):
    """Return the answers to ``calls``, each made with a connection of its own at the same time."""
    barrier = Barrier(len(calls))

    def make(call):
        with open_session(server.url, server.token) as session:
            session.get("/ServiceProviderConfig")
            barrier.wait()
            return call(session)

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(make, calls))


def patching(resource, *operations):
    return lambda session: session.patch(path_of(resource), json=patch_op(*operations))


def deleting(resource):
    return lambda session: session.delete(path_of(resource))


def creating(body):
    endpoint = "/Users" if "userName" in body else "/Groups"
    return lambda session: session.post(endpoint, json=body)


def create(server, *bodies):
    created = [creating(body)(server.session) for body in bodies]
    assert {response.status_code for response in created} <= {201}
    return [response.json() for response in created]


def create_users(server, number=CLIENTS):
    return create(server, *(user(f"user{index}") for index in range(number)))


def read(server, resource):
    return server.session.get(path_of(resource)).json()


def statuses(responses):
    return Counter(response.status_code for response in responses)


def version(resource):
    return int(resource["meta"]["version"].strip('W/"'))


def member_ids(resource):
    return sorted(member["value"] for member in resource.get("members", ()))


@pytest.mark.parametrize("body", [user(password="x"), group()])
def test_one_of_many_creates_of_one_name_succeeds(server, body):
    responses = at_once(server, [creating(body)] * CLIENTS)

    assert statuses(responses) == {201: 1, 409: CLIENTS - 1}
    refused = [response.json() for response in responses if response.status_code == 409]
    assert {answer["scimType"] for answer in refused} == {"uniqueness"}
    endpoint = "/Users" if "userName" in body else "/Groups"
    assert server.session.get(endpoint).json()["totalResults"] == 1


def test_one_of_many_renames_to_one_name_succeeds(server):
    users = create_users(server)

    responses = at_once(server, [patching(each, replace("userName", "BJENSEN")) for each in users])

    assert statuses(responses) == {200: 1, 409: CLIENTS - 1}


def test_no_member_added_at_once_is_lost(server):
    users, (tours,) = create_users(server), create(server, group())

    responses = at_once(server, [patching(tours, add("members", listed(each))) for each in users])

    assert statuses(responses) == {200: CLIENTS}
    assert member_ids(read(server, tours)) == sorted(each["id"] for each in users)
    assert version(read(server, tours)) == 1 + CLIENTS
    assert sorted(version(response.json()) for response in responses) == list(range(2, CLIENTS + 2))


def test_no_attribute_changed_at_once_is_lost(server):
    (babs,) = create(server, user())
    values = [{"value": f"role{index}"} for index in range(CLIENTS)]

    responses = at_once(server, [patching(babs, add("roles", [value])) for value in values])

    assert statuses(responses) == {200: CLIENTS}
    after = read(server, babs)
    assert sorted(after["roles"], key=str) == sorted(values, key=str)
    assert version(after) == 1 + CLIENTS


def test_answer_to_a_patch_shows_the_groups_of_its_version(server):
    """An answer and a read show the same under one version."""
    (babs,) = create(server, user())
    groups = create(server, *(group(f"group{index}") for index in range(CLIENTS // 2)))
    joining = [patching(each, add("members", listed(babs))) for each in groups]
    changing = [patching(babs, add("roles", f"{index}")) for index in range(CLIENTS // 2)]

    responses = at_once(
        server, [call for pair in zip(joining, changing, strict=True) for call in pair]
    )

    assert statuses(responses) == {200: CLIENTS}
    answers = [response.json() for response in responses[1::2]]
    for answer in answers:
        changes = len(answer["roles"]) + len(answer.get("groups", ()))
        assert version(answer) == 1 + changes


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_one_of_many_changes_of_one_version_succeeds(server, method):
    (babs,) = create(server, user())

    def change(number):
        bodies = {
            "PUT": user(title=f"{number}"),
            "PATCH": patch_op(replace("title", f"{number}")),
            "DELETE": None,
        }
        headers = {"If-Match": babs["meta"]["version"]}
        return lambda session: session.request(
            method, path_of(babs), json=bodies[method], headers=headers
        )

    responses = at_once(server, [change(number) for number in range(CLIENTS)])

    if method == "DELETE":
        assert statuses(responses) == {204: 1, 404: CLIENTS - 1}
    else:
        assert statuses(responses) == {200: 1, 412: CLIENTS - 1}
        assert version(read(server, babs)) == 2


def test_users_deleted_while_they_are_added_leave_nothing_dangling(server, engine):
    users = create_users(server, CLIENTS // 2)
    groups = create(server, group("a"), group("b"))
    calls = []
    for index, each in enumerate(users):
        calls.append(patching(groups[index % 2], add("members", listed(each))))
        calls.append(deleting(each))

    responses = at_once(server, calls)

    added, deleted = statuses(responses[0::2]), statuses(responses[1::2])
    assert set(added) <= {200, 400}
    assert deleted == {204: len(users)}
    assert [read(server, each).get("members") for each in groups] == [None, None]
    # each addition that succeeded moved its group twice: when the user came, and when it went
    moves = sum(version(read(server, each)) - 1 for each in groups)
    assert moves == 2 * added[200]
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM link")) == 0


def test_groups_deleted_while_members_come_leave_nothing_dangling(server, engine):
    users = create_users(server, CLIENTS // 2)
    groups = create(server, *(group(f"group{index}") for index in range(CLIENTS // 2)))
    everybody = listed(*users)
    calls = []
    for each in groups:
        calls.append(patching(each, add("members", everybody)))
        calls.append(deleting(each))

    responses = at_once(server, calls)

    added, deleted = statuses(responses[0::2]), statuses(responses[1::2])
    assert set(added) <= {200, 404}
    assert deleted == {204: len(groups)}
    for each in users:
        after = read(server, each)
        assert "groups" not in after
        assert version(after) == 1 + 2 * added[200]
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM link")) == 0


def test_opposite_orders_of_the_same_members_do_not_fail(server):
    users = create_users(server, 20)
    groups = create(server, group("a"), group("b"))
    calls = []
    for number in range(CLIENTS // 8):
        for each, ordered in zip(groups, (users, users[::-1]), strict=True):
            half = ordered[: len(users) // 2]
            calls.append(patching(each, replace("members", listed(*ordered))))
            calls.append(
                patching(
                    each,
                    *(remove(f'members[value eq "{one["id"]}"]') for one in half),
                    *(add("members", listed(one)) for one in reversed(ordered[number:])),
                )
            )

    responses = at_once(server, calls)

    assert statuses(responses) == {200: len(calls)}
    for each in groups:
        assert set(member_ids(read(server, each))) <= {one["id"] for one in users}


def test_managers_deleted_at_once_leave_nobody_with_one(server):
    users = create_users(server, 10)
    for one, other in zip(users, users[1:] + users[:1], strict=True):
        patching(one, replace("manager", other["id"]))(server.session)
    changes = [patching(one, replace("title", "x")) for one in users]
    deletions = [deleting(one) for one in users[::2]]

    responses = at_once(server, [*changes, *deletions])

    assert set(statuses(responses)) <= {200, 204, 404}
    for one in users[1::2]:
        after = read(server, one)
        assert after["title"] == "x"
        assert not [name for name in after if name.startswith("urn:")]


def test_manager_who_comes_while_the_one_before_is_deleted_stays(server):
    bosses, users = create_users(server, 2), create(server, *(user(f"u{n}") for n in range(20)))
    for each in users:
        patching(each, replace("manager", bosses[0]["id"]))(server.session)
    changes = [patching(each, replace("manager", bosses[1]["id"])) for each in users[::2]]
    changes += [patching(each, remove("manager")) for each in users[1::2]]

    responses = at_once(server, [*changes, deleting(bosses[0])])

    assert statuses(responses) == {200: len(users), 204: 1}
    managers = [read(server, each).get(ENTERPRISE_USER_SCHEMA) for each in users]
    assert [each["manager"]["value"] for each in managers[::2]] == [bosses[1]["id"]] * 10
    assert managers[1::2] == [None] * 10


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_one_of_many_gets_a_value_that_a_document_makes_unique(serve, method):
    server = serve(SCIM_SCHEMA_FOLDER=EXAMPLE_FOLDERS, SCIM_WORKERS="2")
    badges = [badge(number="a-1"), badge(number="A-1")] * (CLIENTS // 4)
    if method == "POST":
        calls = [creating(user(f"user{n}", **each)) for n, each in enumerate(badges)]
    else:
        users = create_users(server, len(badges))
        calls = [
            patching(*pair) for pair in zip(users, (add(None, b) for b in badges), strict=True)
        ]

    responses = at_once(server, calls)

    done = 201 if method == "POST" else 200
    assert statuses(responses) == {done: 1, 409: len(badges) - 1}
    refused = [response.json() for response in responses if response.status_code == 409]
    assert {answer["scimType"] for answer in refused} == {"uniqueness"}
    found = server.session.get("/Users", params={"filter": 'number eq "A-1"'}).json()
    assert found["totalResults"] == 1


def test_bulk_requests_of_the_same_users_create_each_of_them_once(server):
    """Their runs clash, and may lock each other out: then each create goes by itself."""
    number, clients = 60, 6
    creates = [post(f"{index}", user(f"user{index}")) for index in range(number)]
    orders = [creates if turn % 2 else creates[::-1] for turn in range(clients)]

    def sending(operations):
        return lambda session: session.post("/Bulk", json=bulk_request(*operations))

    responses = at_once(server, [sending(operations) for operations in orders])

    assert statuses(responses) == {200: clients}
    results = [result for response in responses for result in response.json()["Operations"]]
    outcomes = Counter(result["status"] for result in results)
    assert outcomes == {"201": number, "409": number * (clients - 1)}
    created = {result["location"] for result in results if result["status"] == "201"}
    listed_now = server.session.get("/Users").json()
    assert listed_now["totalResults"] == number
    assert {each["meta"]["location"] for each in listed_now["Resources"]} == created


def pairs(engine, statement):
    """Return what a statement finds, as pairs of ids."""
    with engine.connect() as connection:
        return {(str(one), str(other)) for one, other in connection.execute(sa.text(statement))}


def check_nesting(engine):
    """Check that what is stored of groups in groups follows from the direct pairs."""
    direct = pairs(engine, "SELECT parent_id, child_id FROM nesting WHERE direct")
    every = pairs(engine, "SELECT parent_id, child_id FROM nesting")
    assert every == closure(direct)
    assert not [parent for parent, child in every if parent == child]


@pytest.mark.parametrize("number", [2, 3, 20])
def test_one_of_the_changes_that_close_a_cycle_together_is_refused(server, engine, number):
    people = create_users(server, number)
    groups = create(server, *(group(f"group{index}", each) for index, each in enumerate(people)))
    ring = list(zip(groups, groups[1:] + groups[:1], strict=True))

    responses = at_once(server, [patching(one, add("members", listed(two))) for one, two in ring])

    assert statuses(responses) == {200: number - 1, 400: 1}
    [refused] = [response.json() for response in responses if response.status_code == 400]
    assert refused["scimType"] == "invalidValue"
    check_nesting(engine)
    shown = sorted(len(read(server, each)["groups"]) for each in people)
    assert shown == list(range(1, number + 1))  # a chain is left


def test_nesting_members_and_deletions_at_once_lose_nothing(server, engine):
    people = create_users(server, 8)
    groups = create(server, *(group(f"group{index}", *people[:4]) for index in range(10)))
    calls = []
    for index in range(CLIENTS // 2):
        one, two, three = (groups[(index * step) % 10] for step in (1, 3, 7))
        calls += [
            patching(one, add("members", listed(two, people[index % 8]))),
            patching(two, replace("members", listed(people[index % 5], three))),
            patching(three, remove("members") | {"value": listed(one, people[index % 3])}),
        ]
    calls += [deleting(each) for each in (*groups[:3], *people[:2])]

    responses = at_once(server, calls)

    assert set(statuses(responses)) <= {200, 204, 400, 404}
    assert statuses(responses[-5:]) == {204: 5}
    refused = [response.json() for response in responses if response.status_code == 400]
    assert {answer["scimType"] for answer in refused} <= {"invalidValue"}
    expected = ("contains this group", "cannot be a member of itself", "there is no user or group")
    for answer in refused:
        assert any(detail in answer["detail"] for detail in expected)
    check_nesting(engine)
    left = {each["id"] for each in groups[3:]}
    for each in people[2:]:
        assert {found["value"] for found in read(server, each).get("groups", ())} <= left


def test_groups_deleted_while_they_join_others_leave_nothing_dangling(server, engine):
    (babs,), parents = create_users(server, 1), create(server, group("a"), group("b"))
    groups = create(server, *(group(f"group{index}", babs) for index in range(CLIENTS // 2)))
    calls = []
    for index, each in enumerate(groups):
        calls.append(patching(parents[index % 2], add("members", listed(each))))
        calls.append(deleting(each))

    responses = at_once(server, calls)

    joined, deleted = statuses(responses[0::2]), statuses(responses[1::2])
    assert set(joined) <= {200, 400}
    assert deleted == {204: len(groups)}
    assert [read(server, each).get("members") for each in parents] == [None, None]
    # each group that joined moved its parent twice: when it came, and when it went
    assert sum(version(read(server, each)) - 1 for each in parents) == 2 * joined[200]
    # and Babs, whom it had moved before, when it was created, as well
    assert version(read(server, babs)) == 1 + 2 * len(groups) + joined[200]
    check_nesting(engine)


def test_chain_is_nested_and_taken_apart_at_once(server, engine):
    (babs,) = create_users(server, 1)
    groups = create(server, *(group(f"group{index}") for index in range(CLIENTS // 4)))
    links = list(zip(groups, [*groups[1:], babs], strict=True))
    apart = [patching(one, remove(f'members[value eq "{two["id"]}"]')) for one, two in links]
    calls = [patching(one, add("members", listed(two))) for one, two in links]
    calls += [patching(each, replace("members", [])) for each in groups] + calls + apart

    assert statuses(at_once(server, calls)) == {200: len(calls)}
    check_nesting(engine)

    assert statuses(at_once(server, apart)) == {200: len(apart)}
    assert "groups" not in read(server, babs)
    assert pairs(engine, "SELECT parent_id, child_id FROM nesting") == set()
