"""Replacing resources with PUT (RFC 7644 §3.5.1)."""

from typing import Any

from ...answers import expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import USER_SCHEMA, Resource, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..expectations import expect_explained, expect_values
from ..requests import find, moment, read, values

check = area("put", "RFC 7644 §3.5.1")
REPLACED = "readWrite, writeOnly Any values provided SHALL replace the existing attribute values."
READ_ONLY = "readOnly Any values provided SHALL be ignored."
CLEARED = (
    'Clients that want to override a server\'s defaults MAY specify "null" for a single-valued'
    ' attribute, or an empty array "[]" for a multi-valued attribute, to clear all values.'
)


def put(service: Service, before: dict[str, Any], **changes: Any) -> tuple[Any, Exchange]:
    """Create a user and change attributes of it with a PUT; return the new user and the answer."""
    body = service.user(**before)
    user = service.create("/Users", body)
    answer = service.client.put(f"/Users/{user['id']}", body | changes)
    expect_status(answer, 200)
    return user, answer


@check(
    "a successful PUT operation returns a 200 OK response code and the entire resource within the"
    " response body"
)
def put_is_200_with_the_user(service: Service) -> None:
    """A PUT is 200 with the user as it is now."""
    user, answer = put(service, {}, title="Tour Guide")
    expect(answer.json["id"] == user["id"], f"id is {answer.json['id']!r}")
    expect(answer.json == read(service, user), "GET shows something else")


@check("Implementers MUST support HTTP PUT", "RFC 7644 §3.5")
def groups_can_be_replaced(service: Service) -> None:
    """A PUT replaces a group."""
    group = service.new_group()
    name = service.unique("renamed")
    answer = service.client.put(f"/Groups/{group['id']}", service.group(displayName=name))
    expect_status(answer, 200)
    shown = read(service, group, "/Groups")["displayName"]
    expect(shown == name, f"displayName is {shown!r}")


EMAIL = {"value": "old@example.com", "type": "work"}


@check.each(
    "words, before, after",
    ("A string", {"title": "Tour Guide"}, {"title": "Driver"}),
    ("A boolean", {"active": True}, {"active": False}),
    ("A string that was unassigned", {}, {"title": "Driver"}),
    (
        "A complex value",
        {"name": {"givenName": "Barbara", "familyName": "Jensen"}},
        {"name": {"givenName": "Babs", "familyName": "Smith"}},
    ),
    ("externalId", {"externalId": "701984"}, {"externalId": "701985"}),
    quote=REPLACED,
)
def a_value_is_replaced(service: Service, before: Resource, after: Resource) -> None:
    """{words} is replaced by a PUT."""
    user, _ = put(service, before, **after)
    expect_values(read(service, user), after)


@check(REPLACED)
def all_values_of_a_list_are_replaced(service: Service) -> None:
    """A PUT replaces a list as a whole."""
    emails = [{"value": "new@example.com", "type": "home"}]
    user, _ = put(service, {"emails": [EMAIL]}, emails=emails)
    shown = values(read(service, user), "emails")
    expect(shown == ["new@example.com"], f"emails has {shown!r}")


@check(REPLACED)
def user_names_can_be_replaced(service: Service) -> None:
    """A PUT replaces the userName, and the old one finds nobody."""
    name = service.unique("renamed")
    user, answer = put(service, {}, userName=name)
    expect(answer.json["userName"] == name, f"userName is {answer.json['userName']!r}")
    expect(find(service, f'userName eq "{name}"') == {user["id"]}, "the new name is not found")
    expect(not find(service, f'userName eq "{user["userName"]}"'), "the old name is found")


@check(CLEARED)
def null_clears_an_attribute(service: Service) -> None:
    """A null in a PUT clears the attribute."""
    user, _ = put(service, {"title": "Tour Guide"}, title=None)
    shown = read(service, user).get("title")
    expect(not shown, f"title is {shown!r}")


@check(CLEARED)
def an_empty_list_clears_an_attribute(service: Service) -> None:
    """An empty list in a PUT clears the attribute."""
    user, _ = put(service, {"emails": [EMAIL]}, emails=[])
    shown = read(service, user).get("emails")
    expect(not shown, f"emails is {shown!r}")


@check(READ_ONLY)
def an_id_in_the_body_is_ignored(service: Service) -> None:
    """A PUT ignores another id in its body."""
    user, answer = put(service, {}, id=service.unique("other"))
    expect(answer.json["id"] == user["id"], f"id is {answer.json['id']!r}")


@check(READ_ONLY)
def meta_in_the_body_is_ignored(service: Service) -> None:
    """A PUT ignores meta in its body."""
    sent = {"created": "2001-02-03T04:05:06Z", "resourceType": "Robot", "location": "urn:x"}
    user, answer = put(service, {}, meta=sent)
    for name in sent:
        shown = answer.json["meta"][name]
        expect(shown == user["meta"][name], f"meta.{name} is {shown!r}")


@check(READ_ONLY)
def groups_in_the_body_are_ignored(service: Service) -> None:
    """A PUT ignores groups in the body of a user."""
    group = service.new_group()
    user, _ = put(service, {}, groups=[{"value": group["id"]}])
    expect(not read(service, user).get("groups"), "the user shows the group")


@check("SCIM clients MAY send all attributes, regardless of each attribute's mutability.")
def what_was_read_can_be_put_back(service: Service) -> None:
    """A PUT of a user as it was read changes nothing."""
    user = service.new_user(title="Tour Guide")
    before = read(service, user)
    expect_status(service.client.put(f"/Users/{user['id']}", before), 200)
    after = read(service, user)
    changed = [name for name in before if name != "meta" and after.get(name) != before[name]]
    expect(not changed, f"changed: {', '.join(changed)}")


@check("One or more of the attribute values are already in use or are reserved.", "RFC 7644 §3.12")
def a_name_in_use_cannot_be_put(service: Service) -> None:
    """A PUT with a userName in use is a conflict and changes nothing."""
    other, user = service.new_user(), service.new_user()
    answer = service.client.put(f"/Users/{user['id']}", service.user(userName=other["userName"]))
    expect(answer.status in (400, 409), f"PUT was answered {answer.status}")
    expect_explained(answer, answer.status, "uniqueness")
    expect(read(service, user)["userName"] == user["userName"], "the user has the userName in use")


@check('created The "DateTime" that the resource was added to the service', "RFC 7643 §3.1")
def put_keeps_created(service: Service) -> None:
    """A PUT keeps meta.created and meta.location."""
    user, answer = put(service, {}, title="Driver")
    for name in ("created", "location"):
        shown = answer.json["meta"][name]
        expect(shown == user["meta"][name], f"meta.{name} is {shown!r}")


@check("lastModified The most recent DateTime that the details of this resource", "RFC 7643 §3.1")
def put_moves_last_modified(service: Service) -> None:
    """meta.lastModified after a PUT is not before meta.created."""
    user, answer = put(service, {}, title="Driver")
    shown = answer.json["meta"]["lastModified"]
    expect(moment(shown) >= moment(user["meta"]["created"]), f"lastModified is {shown}")


@check("writeOnly The attribute MAY be updated at any time.", "RFC 7643 §7")
def put_does_not_show_a_password(service: Service) -> None:
    """A PUT sets a password and does not show it."""
    _, answer = put(service, {}, password="t1meMa$heen-T0ur")
    expect("password" not in answer.json, "there is a password")


@check('The "schemas" attribute MAY contain additional values indicating extended', "RFC 7643 §3.3")
def put_replaces_extensions(service: Service) -> None:
    """A PUT replaces attributes of an extension."""
    need(service, "department", schema=ENTERPRISE_USER_SCHEMA)
    both = {"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]}
    user, _ = put(
        service,
        both | {ENTERPRISE_USER_SCHEMA: {"department": "Tours"}},
        **{ENTERPRISE_USER_SCHEMA: {"department": "Sales"}},
    )
    shown = read(service, user).get(ENTERPRISE_USER_SCHEMA, {}).get("department")
    expect(shown == "Sales", f"department is {shown!r}")


@check(REPLACED)
def a_put_may_be_repeated(service: Service) -> None:
    """A PUT that is sent twice has the same result."""
    body = service.user(title="Tour Guide")
    user = service.create("/Users", body)
    changed = body | {"title": "Driver"}
    first = service.client.put(f"/Users/{user['id']}", changed)
    second = service.client.put(f"/Users/{user['id']}", changed)
    for answer in (first, second):
        expect_status(answer, 200)
    shown = [{k: v for k, v in each.json.items() if k != "meta"} for each in (first, second)]
    expect(shown[0] == shown[1], "the second answer differs")
