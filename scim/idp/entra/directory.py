"""The directory of the stand-in Entra ID: users, groups, and who is assigned to the app.

Users and groups have the property names of Microsoft Graph. Each change gets a number, so that a
provisioning cycle can ask for what has changed since its watermark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

Record = dict[str, Any]

USER_PROPERTIES: Mapping[str, type] = {
    "accountEnabled": bool,
    "userPrincipalName": str,
    "displayName": str,
    "givenName": str,
    "surname": str,
    "mail": str,
    "mailNickname": str,
    "jobTitle": str,
    "department": str,
    "employeeId": str,
    "preferredLanguage": str,
    "officeLocation": str,
    "streetAddress": str,
    "city": str,
    "state": str,
    "postalCode": str,
    "country": str,
    "businessPhones": list,
    "mobilePhone": str,
    "faxNumber": str,
}
GROUP_PROPERTIES: Mapping[str, type] = {
    "displayName": str,
    "description": str,
    "mailNickname": str,
    "mailEnabled": bool,
    "securityEnabled": bool,
    "groupTypes": list,
}
APP_ROLE_PROPERTIES = dict.fromkeys(("id", "value", "displayName"), str)
REQUIRED = {
    "AppRole": tuple(APP_ROLE_PROPERTIES),
    "User": ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"),
    "Group": ("displayName",),
}
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"  # an assignment without a role
# What Graph takes and the directory has no use for.
IGNORED = frozenset({"passwordProfile", "@odata.type", "@odata.id"})


class DirectoryError(Exception):
    """What the directory refuses, as Graph says it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_request(message: str) -> DirectoryError:
    return DirectoryError(400, "Request_BadRequest", message)


def not_found(key: str) -> DirectoryError:
    return DirectoryError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Directory:
    """Everything is kept in memory; ``changed`` has the number of an object's last change."""

    users: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, Record] = field(default_factory=dict)
    assignments: dict[str, Record] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # ids by userPrincipalName
    assigned: dict[str, str] = field(default_factory=dict)  # an assignment by principal
    app_roles: dict[str, Record] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def touch(self, *object_ids: str) -> None:
        for object_id in object_ids:
            self.changed.pop(object_id, None)  # so that the order is that of the last changes
            self.changed[object_id] = next(self.numbers)

    def user(self, key: str, deleted: bool = False) -> Record:
        """Return the user with an id or a userPrincipalName; deleted ones live apart."""
        user = self.users.get(self.names.get(key.lower(), key.lower()))
        if user is None or bool(user["deletedDateTime"]) != deleted:
            raise not_found(key)
        return user

    def group(self, key: str) -> Record:
        """Return the group with an id."""
        try:
            return self.groups[key.lower()]
        except KeyError:
            raise not_found(key) from None

    def principal(self, key: str) -> Record:
        """Return the user or group with an id."""
        return self.groups.get(key.lower()) or self.user(key)

    def member(self, key: str) -> Record:
        """Return a member of a group, also one who is soft-deleted."""
        return self.users.get(key) or self.groups[key]

    def add_user(self, values: Record, user_id: str = "") -> Record:
        user: Record = dict.fromkeys(USER_PROPERTIES) | checked("User", values, USER_PROPERTIES)
        user |= {"id": user_id or str(uuid4()), "manager": None, "deletedDateTime": None}
        self._name(user, user["userPrincipalName"])
        self.users[user["id"]] = user
        self.touch(user["id"])
        return user

    def update_user(self, key: str, values: Record) -> None:
        user = self.user(key)
        changes = checked("User", values, USER_PROPERTIES, partial=True)
        if "userPrincipalName" in changes:
            self._name(user, changes["userPrincipalName"])
        user |= changes
        self.touch(user["id"])

    def _name(self, user: Record, name: str) -> None:
        """Let a user be found by a name, which nobody else must have."""
        if self.names.get(name.lower(), user["id"]) != user["id"]:
            raise bad_request(
                "Another object with the same value for property userPrincipalName already exists."
            )
        self.names.pop(user["userPrincipalName"].lower(), None)
        self.names[name.lower()] = user["id"]

    def delete_user(self, key: str) -> None:
        """Soft-delete a user, who can be restored and keeps manager, groups and assignments."""
        user = self.user(key)
        user["deletedDateTime"] = now()
        self.touch(user["id"])

    def restore_user(self, user_id: str) -> Record:
        user = self.user(user_id, deleted=True)
        user["deletedDateTime"] = None
        self.touch(user["id"])
        return user

    def purge_user(self, user_id: str) -> None:
        """Delete a soft-deleted user for good."""
        user = self.users.pop(self.user(user_id, deleted=True)["id"])
        del self.names[user["userPrincipalName"].lower()]
        for group in self.groups.values():
            group["members"].pop(user["id"], None)
        for other in self.users.values():
            if other["manager"] == user["id"]:
                other["manager"] = None
        self._drop_assignments(user["id"])
        self.touch(user["id"])

    def set_manager(self, key: str, manager: str | None) -> None:
        user = self.user(key)
        user["manager"] = manager and self.user(manager)["id"]
        self.touch(user["id"])

    def add_group(self, values: Record, group_id: str = "") -> Record:
        group: Record = dict.fromkeys(GROUP_PROPERTIES) | checked("Group", values, GROUP_PROPERTIES)
        group |= {"id": group_id or str(uuid4()), "members": {}}
        self.groups[group["id"]] = group
        self.touch(group["id"])
        return group

    def update_group(self, key: str, values: Record) -> None:
        group = self.group(key)
        group |= checked("Group", values, GROUP_PROPERTIES, partial=True)
        self.touch(group["id"])

    def delete_group(self, key: str) -> None:
        group = self.groups.pop(self.group(key)["id"])
        for other in self.groups.values():
            other["members"].pop(group["id"], None)
        self._drop_assignments(group["id"])
        self.touch(group["id"], *group["members"])

    def add_member(self, group_key: str, member_key: str) -> None:
        group, member = self.group(group_key), self.principal(member_key)
        if member["id"] in group["members"]:
            raise bad_request(
                "One or more added object references already exist for the following modified "
                "properties: 'members'."
            )
        group["members"][member["id"]] = None
        self.touch(group["id"], member["id"])

    def remove_member(self, group_key: str, member_key: str) -> None:
        group = self.group(group_key)
        if member_key.lower() not in group["members"]:
            raise not_found(member_key)
        del group["members"][member_key.lower()]
        self.touch(group["id"], member_key.lower())

    def add_app_role(self, values: Record) -> Record:
        """Add a role of the app, with which users and groups can be assigned."""
        role = checked("AppRole", values, APP_ROLE_PROPERTIES)
        self.app_roles[role["id"]] = role
        return role

    def assign(self, principal_id: str, role_id: str = DEFAULT_ACCESS) -> Record:
        """Assign a user or a group to the app, once with each role."""
        principal = self.principal(principal_id)
        if role_id not in {DEFAULT_ACCESS, *self.app_roles}:
            raise bad_request("Permission being assigned was not found on application")
        known = self._assignments(principal["id"]) if principal["id"] in self.assigned else ()
        if role_id in (each["appRoleId"] for each in known):
            raise bad_request("Permission being assigned already exists on the object")
        assignment = {
            "id": uuid4().hex,
            "appRoleId": role_id,
            "principalId": principal["id"],
            "principalDisplayName": principal["displayName"],
            "principalType": "Group" if principal["id"] in self.groups else "User",
            "createdDateTime": now(),
        }
        self.assignments[assignment["id"]] = assignment
        self.assigned[principal["id"]] = assignment["id"]
        self.touch(principal["id"], *principal.get("members", ()))
        return assignment

    def unassign(self, assignment_id: str) -> None:
        try:
            principal_id = self.assignments.pop(assignment_id)["principalId"]
        except KeyError:
            raise not_found(assignment_id) from None
        del self.assigned[principal_id]
        for other in self._assignments(principal_id):
            self.assigned[principal_id] = other["id"]
        self.touch(principal_id, *self.groups.get(principal_id, {}).get("members", ()))

    def _drop_assignments(self, principal_id: str) -> None:
        for assignment in self._assignments(principal_id):
            del self.assignments[assignment["id"]]
        self.assigned.pop(principal_id, None)

    def _assignments(self, *principal_ids: str) -> list[Record]:
        return [each for each in self.assignments.values() if each["principalId"] in principal_ids]

    def roles(self, user_id: str) -> list[Record]:
        """Return the roles with which a user, or a group that the user is in, is assigned."""
        if not self.app_roles:  # a large directory takes long to look through
            return []
        groups = [key for key, group in self.groups.items() if user_id in group["members"]]
        assigned = {each["appRoleId"] for each in self._assignments(user_id, *groups)}
        return [role for role_id, role in self.app_roles.items() if role_id in assigned]

    def is_assigned(self, object_id: str) -> bool:
        """Is a user or group in scope: assigned, or for users a direct member of such a group?"""
        if object_id in self.assigned or object_id in self.groups:
            return object_id in self.assigned  # groups within groups are not looked into
        return any(
            object_id in group["members"]
            for group_id, group in self.groups.items()
            if group_id in self.assigned
        )

    def changed_since(self, watermark: int) -> list[str]:
        return [object_id for object_id, number in self.changed.items() if number > watermark]

    @property
    def watermark(self) -> int:
        """The number of the last change."""
        return max(self.changed.values(), default=0)


def checked(
    kind: str, values: Record, properties: Mapping[str, type], partial: bool = False
) -> Record:
    """Return the properties that a request sets, or raise what Graph answers."""
    kept = {name: value for name, value in values.items() if name not in IGNORED}
    for name, value in kept.items():
        if name not in properties:
            raise bad_request(f"Invalid property '{name}'.")
        if value is not None and not isinstance(value, properties[name]):
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource '{kind}'."
            )
    for name in REQUIRED[kind]:
        if (name in kept or not partial) and kept.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource '{kind}'.")
    return kept
