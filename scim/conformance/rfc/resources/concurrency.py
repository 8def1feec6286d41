"""Requests of several clients at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...answers import PATCH_OP, expect_status
from ...client import Client, Exchange
from ...outcomes import expect
from ...service import Resource, Service
from ..areas import area
from ..requests import find, read, values

check = area("concurrency")
CLIENTS = 6
ATOMIC = "A PATCH request, regardless of the number of operations, SHALL be treated as atomic."

Request = Callable[[Client], Exchange]


def at_once(service: Service, requests: Sequence[Request]) -> list[Exchange]:
    """Send requests at the same time, each on a connection of its own."""
    clients = [Client(service.client.base_url, service.client.token) for _ in requests]
    for client in clients:
        client.base_query, client.on_wait = service.client.base_query, service.client.on_wait
    try:
        with ThreadPoolExecutor(len(requests)) as pool:
            sent = [pool.submit(each, one) for each, one in zip(requests, clients, strict=True)]
            return [one.result() for one in sent]
    finally:
        for client in clients:
            service.client.exchanges += client.exchanges
            client.close()


def patching(path: str, *operations: dict[str, Any]) -> Request:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return lambda client: client.patch(path, body)


def posting(body: Resource) -> Request:
    return lambda client: client.post("/Users", body)


def putting(path: str, body: Resource, tag: str) -> Request:
    return lambda client: client.put(path, body, headers={"If-Match": tag})


def statuses(answers: Sequence[Exchange]) -> list[int]:
    return sorted(answer.status for answer in answers)


def expect_statuses(answers: Sequence[Exchange], *wanted: int) -> None:
    """Fail unless the answers have these statuses, in any order."""
    expect(statuses(answers) == sorted(wanted), f"the statuses are {statuses(answers)}")


def patch_at_once(service: Service, path: str, patches: Sequence[Sequence[Resource]]) -> None:
    """Send several PATCHes at the same time, all of which have to succeed."""
    answers = at_once(service, [patching(path, *operations) for operations in patches])
    expect({*statuses(answers)} <= {200, 204}, f"the statuses are {statuses(answers)}")


@check(
    "This identifier MUST be unique across the service provider's entire set of Users.",
    "RFC 7643 §4.1.1",
)
def one_of_several_gets_a_name(service: Service) -> None:
    """One of several POSTs of a userName at once is 201, the others are 409."""
    name = service.unique("wanted")
    bodies = [service.user(userName=name) for _ in range(CLIENTS)]
    answers = at_once(service, [posting(body) for body in bodies])
    expect_statuses(answers, 201, *[409] * (CLIENTS - 1))
    found = find(service, f'userName eq "{name}"')
    expect(len(found) == 1, f"{len(found)} users have the name")


@check(
    "This identifier MUST be unique across the SCIM service provider's entire set of resources.",
    "RFC 7643 §3.1",
)
def several_users_get_ids_of_their_own(service: Service) -> None:
    """Several POSTs of different users at once are 201 with different ids."""
    bodies = [service.user() for _ in range(CLIENTS)]
    answers = at_once(service, [posting(body) for body in bodies])
    expect_statuses(answers, *[201] * CLIENTS)
    for body, answer in zip(bodies, answers, strict=True):
        shown = answer.json["userName"]
        expect(shown == body["userName"], f"userName is {shown!r} instead of {body['userName']!r}")
    expect(len({answer.json["id"] for answer in answers}) == CLIENTS, "two users have the same id")


@check(
    "If the target location specifies a multi-valued attribute, a new value is added to the"
    " attribute.",
    "RFC 7644 §3.5.2.1",
    needs=("patch",),
)
def no_member_is_lost(service: Service) -> None:
    """Members that are added at once are all in the group afterwards."""
    ids = [service.new_user()["id"] for _ in range(CLIENTS)]
    group = service.new_group()
    adding = [[{"op": "add", "path": "members", "value": [{"value": each}]}] for each in ids]
    patch_at_once(service, f"/Groups/{group['id']}", adding)
    shown = set(values(read(service, group, "/Groups"), "members"))
    expect(shown == set(ids), f"{len(shown)} members are there instead of {CLIENTS}")


@check(ATOMIC, "RFC 7644 §3.5.2", needs=("patch",))
def patches_do_not_mix(service: Service) -> None:
    """Several PATCHes of two attributes at once leave both from the same PATCH."""
    user = service.new_user()
    changing = [
        [{"op": "replace", "path": name, "value": f"{number}"} for name in ("title", "nickName")]
        for number in range(CLIENTS)
    ]
    patch_at_once(service, f"/Users/{user['id']}", changing)
    shown = read(service, user)
    same = shown["title"] == shown["nickName"]
    expect(same, f"title is {shown['title']}, nickName {shown['nickName']}")


@check(ATOMIC, "RFC 7644 §3.5.2", needs=("patch",))
def nobody_sees_half_a_patch(service: Service) -> None:
    """A reader sees both changes of a PATCH or neither."""
    user = service.new_user(title="0", nickName="0")
    path = f"/Users/{user['id']}"
    change = {"op": "replace", "value": {"title": "1", "nickName": "1"}}
    back = {"op": "replace", "value": {"title": "0", "nickName": "0"}}
    reading: list[Request] = [lambda client: client.get(path)] * CLIENTS
    for answer in at_once(service, [patching(path, change), patching(path, back), *reading]):
        if answer.method == "GET":
            expect_status(answer, 200)
            both = answer.json["title"], answer.json["nickName"]
            expect(both in (("0", "0"), ("1", "1")), f"title and nickName are {both}")


@check(
    'The primary attribute value "true" MUST appear no more than once.',
    "RFC 7643 §2.4",
    needs=("patch",),
)
def one_value_stays_primary(service: Service) -> None:
    """One value is primary after several were made primary at once."""
    addresses = [f"{number}@example.com" for number in range(CLIENTS)]
    user = service.new_user(emails=[{"value": each, "type": "work"} for each in addresses])
    changing = [
        [{"op": "replace", "path": f'emails[value eq "{each}"].primary', "value": True}]
        for each in addresses
    ]
    patch_at_once(service, f"/Users/{user['id']}", changing)
    primary = [each["value"] for each in read(service, user)["emails"] if each.get("primary")]
    expect(len(primary) == 1, f"{len(primary)} values are primary")


@check(
    "ensuring that clients do not inadvertently overwrite each other's changes",
    "RFC 7644 §3.14",
    needs=("etag",),
)
def one_of_several_wins_with_the_same_etag(service: Service) -> None:
    """One of several PUTs at once with the same ETag is done, the others are refused."""
    user = service.new_user()
    path = f"/Users/{user['id']}"
    tag = service.client.get(path).headers["etag"]
    bodies = [service.user(title=f"{number}") for number in range(CLIENTS)]
    answers = at_once(service, [putting(path, body, tag) for body in bodies])
    done = [answer for answer in answers if answer.status == 200]
    refused = {answer.status for answer in answers} - {200}
    is_right = len(done) == 1 and refused <= {409, 412}
    expect(is_right, f"the statuses are {statuses(answers)}")
    same = read(service, user)["title"] == done[0].json["title"]
    expect(same, "the title is not that of the PUT that was done")


@check("the server SHALL return a successful HTTP status code 204 (No Content).", "RFC 7644 §3.6")
def a_user_is_deleted_once(service: Service) -> None:
    """One of several DELETEs at once is 204, the others are 404."""
    path = f"/Users/{service.new_user()['id']}"
    deleting: list[Request] = [lambda client: client.delete(path)] * CLIENTS
    expect_statuses(at_once(service, deleting), 204, *[404] * (CLIENTS - 1))


@check("Service providers MUST omit the resource from future query results.", "RFC 7644 §3.6")
def what_was_changed_and_deleted_at_once_is_gone(service: Service) -> None:
    """A user who is deleted while others change it is gone afterwards."""
    user = service.new_user()
    path = f"/Users/{user['id']}"
    body = service.user(userName=user["userName"])
    changing: list[Request] = [lambda client: client.put(path, body)] * (CLIENTS - 1)
    answers = at_once(service, [lambda client: client.delete(path), *changing])
    expect_status(answers[0], 204)
    puts = statuses(answers[1:])
    expect({*puts} <= {200, 404}, f"the statuses of the PUTs are {puts}")
    expect_status(service.client.get(path), 404)
    expect(not find(service, f'userName eq "{user["userName"]}"'), "the user is found")


@check(
    "an additional value is added to the multi-valued attribute",
    "RFC 7644 §3.5.2.1",
    needs=("patch",),
)
def no_value_of_a_list_is_lost(service: Service) -> None:
    """Values that are added to a list at once are all in it afterwards."""
    user = service.new_user(emails=[])
    addresses = [f"{number}@example.com" for number in range(CLIENTS)]
    adding = [
        [{"op": "add", "path": "emails", "value": [{"value": each, "type": "work"}]}]
        for each in addresses
    ]
    patch_at_once(service, f"/Users/{user['id']}", adding)
    shown = values(read(service, user), "emails")
    expect(shown == addresses, f"{len(shown)} values are there instead of {CLIENTS}")
