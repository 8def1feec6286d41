"""Bulk requests: references between their operations (RFC 7644 §3.7.1 and §3.7.2)."""

from typing import Any

from ...answers import PATCH_OP, expect_status
from ...outcomes import expect
from ...service import USER_SCHEMA, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..expectations import expect_refused
from ..requests import read, values
from .operations import Operation, code, create, expect_codes, results, send

check = area("bulk", "RFC 7644 §3.7.2", needs=("bulk",))
CIRCLES = "RFC 7644 §3.7.1"
REPLACED = (
    'The service provider MUST replace the string "bulkId:qwerty" with the permanent resource id'
    " once created."
)


def group_of(service: Service, bulk_id: str, *members: str) -> Operation:
    data = service.group(*members)
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def employee_of(service: Service, bulk_id: str, manager: str) -> Operation:
    """Return an operation that creates a user whose manager is the user of another bulkId."""
    job = {ENTERPRISE_USER_SCHEMA: {"manager": {"value": f"bulkId:{manager}"}}}
    return create(service, bulk_id, schemas=[USER_SCHEMA, ENTERPRISE_USER_SCHEMA], **job)


def made(service: Service, found: list[Operation], bulk_id: str) -> Any:
    """Return the resource that the operation with a bulkId has created, as it is now."""
    [result] = [result for result in found if result.get("bulkId") == bulk_id]
    answer = service.client.follow(result["location"])
    expect_status(answer, 200)
    return answer.json


@check(REPLACED)
def a_new_user_is_put_into_a_new_group(service: Service) -> None:
    """bulkId:x as a member becomes the user whom operation x creates."""
    found = results(service, create(service), group_of(service, "ytrewq", "bulkId:qwerty"))
    expect_codes(found, 201, 201)
    group, user = made(service, found, "ytrewq"), made(service, found, "qwerty")
    expect(values(group, "members") == [user["id"]], f"members is {group.get('members')!r}")


@check(
    "Extensions that include references to other resources MUST be handled in the same way by the"
    " service provider."
)
def a_new_user_is_the_manager_of_another(service: Service) -> None:
    """bulkId:x as a manager becomes the user whom operation x creates."""
    need(service, "manager.value", schema=ENTERPRISE_USER_SCHEMA)
    bob = employee_of(service, "bob", "qwerty")
    found = results(service, create(service), bob)
    expect_codes(found, 201, 201)
    boss = made(service, found, "qwerty")
    manager = made(service, found, "bob")[ENTERPRISE_USER_SCHEMA]["manager"]
    expect(manager["value"] == boss["id"], f"manager is {manager!r}")


@check('the SCIM client specifies different "bulkId" values for each separate request.')
def several_bulk_ids_are_told_apart(service: Service) -> None:
    """Each of several groups gets the new users that it refers to."""
    found = results(
        service,
        create(service, "a"),
        create(service, "b"),
        group_of(service, "of-a", "bulkId:a"),
        group_of(service, "of-b", "bulkId:b"),
        group_of(service, "of-both", "bulkId:a", "bulkId:b"),
    )
    ids = {bulk_id: made(service, found, bulk_id)["id"] for bulk_id in ("a", "b")}
    for name, members in {"of-a": "a", "of-b": "b", "of-both": "ab"}.items():
        shown = values(made(service, found, name), "members")
        expect(shown == sorted(ids[each] for each in members), f"members of {name}: {shown!r}")


@check(
    "cross-reference new resources in and across operations within a bulk request.",
    "RFC 7644 §3.7",
    needs=("bulk", "patch"),
)
def a_new_user_is_put_into_an_old_group(service: Service) -> None:
    """A PATCH of a group can refer to a user whom another operation creates."""
    group = service.new_group()
    adding = {"op": "add", "path": "members", "value": [{"value": "bulkId:qwerty"}]}
    message = {"schemas": [PATCH_OP], "Operations": [adding]}
    patching = {"method": "PATCH", "path": f"/Groups/{group['id']}", "data": message}
    found = results(service, create(service), patching)
    user = made(service, found, "qwerty")
    shown = values(read(service, group, "/Groups"), "members")
    expect(shown == [user["id"]], f"members has {shown!r}")


def circle(service: Service, *pair: Operation) -> list[Operation]:
    """Return the results of two operations that refer to each other, [] for a conflict (409)."""
    answer = send(service, *pair)
    if answer.status == 409:
        return []
    expect_status(answer, 200)
    found = list(answer.json["Operations"])
    codes = [code(result) for result in found]
    if 409 in codes:
        return []
    expect(codes == [201, 201], f"the statuses are {codes}")
    return found


@check(
    "The service provider MUST try to resolve circular cross-references between resources in a"
    " single bulk job but MAY stop after a failed attempt and instead return HTTP status code 409"
    " (Conflict).",
    CIRCLES,
)
def circular_references_are_resolved_or_409(service: Service) -> None:
    """Two users who manage each other are created or refused with 409."""
    need(service, "manager.value", schema=ENTERPRISE_USER_SCHEMA)
    found = circle(service, employee_of(service, "a", "b"), employee_of(service, "b", "a"))
    if not found:
        return
    first, second = made(service, found, "a"), made(service, found, "b")
    for mine, other in ((first, second), (second, first)):
        manager = mine[ENTERPRISE_USER_SCHEMA]["manager"]["value"]
        expect(manager == other["id"], f"the manager is {manager!r}")


@check("If the service provider resolved the above circular references", CIRCLES)
def groups_of_each_other_are_resolved_or_409(service: Service) -> None:
    """Two groups that contain each other are created or refused with 409."""
    pair = (group_of(service, "a", "bulkId:b"), group_of(service, "b", "bulkId:a"))
    found = circle(service, *pair)
    if not found:
        return
    first, second = made(service, found, "a"), made(service, found, "b")
    expect(values(first, "members") == [second["id"]], f"members: {first.get('members')!r}")
    expect(values(second, "members") == [first["id"]], f"members: {second.get('members')!r}")


@check(
    "the service provider MUST ensure that the client's intent is preserved and the same stateful"
    " result is achieved as for non-optimized processing.",
    "RFC 7644 §3.7",
)
def operations_keep_their_order(service: Service) -> None:
    """The first of two users with the same userName is created, the second is 409."""
    first = create(service, "a")
    second = create(service, "b", userName=first["data"]["userName"])
    found = {result["bulkId"]: code(result) for result in results(service, first, second)}
    expect(found == {"a": 201, "b": 409}, f"the statuses are {found}")


@check(REPLACED)
def an_unknown_bulk_id_is_refused(service: Service) -> None:
    """A member bulkId:x without an operation x is never stored as it is."""
    answer = send(service, group_of(service, "ytrewq", "bulkId:nobody"))
    if answer.status != 200:
        expect_refused(answer)
        return
    (result,) = answer.json["Operations"]
    if code(result) < 300:
        shown = values(made(service, [result], "ytrewq"), "members")
        expect("bulkId:nobody" not in shown, "the group has a member bulkId:nobody")


@check("unique within a bulk request and created by the client.", "RFC 7644 §3.7")
def a_bulk_id_is_there_once(service: Service) -> None:
    """Two operations with the same bulkId are not both done."""
    answer = send(service, create(service, "twice"), create(service, "twice"))
    if answer.status == 200:
        codes = [code(result) for result in answer.json["Operations"]]
        expect(codes.count(201) < 2, "both users are created")
    else:
        expect_refused(answer)
