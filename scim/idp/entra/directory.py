"""The directory of the stand-in for Entra ID: users, groups, and assignments to the app.

Users and groups have the property names of Microsoft Graph. Each change gets a number. A
provisioning cycle asks for the changes after its watermark.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from ..values import Record, now
from .errors import bad_request, not_found
from .properties import (
    APP_ROLE_PROPERTIES,
    GROUP_PROPERTIES,
    USER_PROPERTIES,
    check_properties,
)

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"  # the role of an assignment without one


@dataclass
class Directory:
    """Keeps everything in memory. ``changed`` has the number of each object's last change."""

    users: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, Record] = field(default_factory=dict)
    assignments: dict[str, Record] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # ids by userPrincipalName
    assigned: dict[str, str] = field(default_factory=dict)  # one assignment of each principal
    app_roles: dict[str, Record] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def touch(self, *object_ids: str) -> None:
        """Number a change of objects."""
        for object_id in object_ids:
            self.changed.pop(object_id, None)  # keeps ``changed`` in the order of the numbers
            self.changed[object_id] = next(self.numbers)

    def find_user(self, key: str, deleted: bool = False) -> Record:
        """Return the user with an id or a userPrincipalName, among the others or the deleted."""
        user = self.users.get(self.names.get(key.lower(), key.lower()))
        if user is None or bool(user["deletedDateTime"]) != deleted:
            raise not_found(key)
        return user

    def find_group(self, key: str) -> Record:
        """Return the group with an id."""
        try:
            return self.groups[key.lower()]
        except KeyError:
            raise not_found(key) from None

    def find_principal(self, key: str) -> Record:
        """Return the user or group with an id."""
        return self.groups.get(key.lower()) or self.find_user(key)

    def find_member(self, key: str) -> Record:
        """Return a member of a group, also a soft-deleted user."""
        return self.users.get(key) or self.groups[key]

    def add_user(self, values: Record, user_id: str = "") -> Record:
        checked = check_properties("User", values, USER_PROPERTIES)
        user: Record = dict.fromkeys(USER_PROPERTIES) | checked
        user |= {"id": user_id or str(uuid4()), "manager": None, "deletedDateTime": None}
        self._name(user, user["userPrincipalName"])
        self.users[user["id"]] = user
        self.touch(user["id"])
        return user

    def update_user(self, key: str, values: Record) -> None:
        user = self.find_user(key)
        changes = check_properties("User", values, USER_PROPERTIES, partial=True)
        if "userPrincipalName" in changes:
            self._name(user, changes["userPrincipalName"])
        user |= changes
        self.touch(user["id"])

    def _name(self, user: Record, name: str) -> None:
        """Let a user be found by a userPrincipalName. No other user may have it."""
        if self.names.get(name.lower(), user["id"]) != user["id"]:
            raise bad_request(
                "Another object with the same value for property userPrincipalName already exists."
            )
        self.names.pop(user["userPrincipalName"].lower(), None)
        self.names[name.lower()] = user["id"]

    def delete_user(self, key: str) -> None:
        """Soft-delete a user. A restored user has the same manager, groups and assignments."""
        user = self.find_user(key)
        user["deletedDateTime"] = now()
        self.touch(user["id"])

    def restore_user(self, user_id: str) -> Record:
        user = self.find_user(user_id, deleted=True)
        user["deletedDateTime"] = None
        self.touch(user["id"])
        return user

    def purge_user(self, user_id: str) -> None:
        """Delete a soft-deleted user permanently."""
        user = self.users.pop(self.find_user(user_id, deleted=True)["id"])
        del self.names[user["userPrincipalName"].lower()]
        for group in self.groups.values():
            group["members"].pop(user["id"], None)
        for other in self.users.values():
            if other["manager"] == user["id"]:
                other["manager"] = None
        self._drop_assignments(user["id"])
        self.touch(user["id"])

    def set_manager(self, key: str, manager: str | None) -> None:
        user = self.find_user(key)
        user["manager"] = manager and self.find_user(manager)["id"]
        self.touch(user["id"])

    def add_group(self, values: Record, group_id: str = "") -> Record:
        checked = check_properties("Group", values, GROUP_PROPERTIES)
        group: Record = dict.fromkeys(GROUP_PROPERTIES) | checked
        group |= {"id": group_id or str(uuid4()), "members": {}}
        self.groups[group["id"]] = group
        self.touch(group["id"])
        return group

    def update_group(self, key: str, values: Record) -> None:
        group = self.find_group(key)
        group |= check_properties("Group", values, GROUP_PROPERTIES, partial=True)
        self.touch(group["id"])

    def delete_group(self, key: str) -> None:
        group = self.groups.pop(self.find_group(key)["id"])
        for other in self.groups.values():
            other["members"].pop(group["id"], None)
        self._drop_assignments(group["id"])
        self.touch(group["id"], *group["members"])

    def add_member(self, group_key: str, member_key: str) -> None:
        group, member = self.find_group(group_key), self.find_principal(member_key)
        if member["id"] in group["members"]:
            raise bad_request(
                "One or more added object references already exist for the following modified "
                "properties: 'members'."
            )
        group["members"][member["id"]] = None
        self.touch(group["id"], member["id"])

    def remove_member(self, group_key: str, member_key: str) -> None:
        group = self.find_group(group_key)
        if member_key.lower() not in group["members"]:
            raise not_found(member_key)
        del group["members"][member_key.lower()]
        self.touch(group["id"], member_key.lower())

    def add_app_role(self, values: Record) -> Record:
        """Add a role of the app, which an assignment can have."""
        role = check_properties("AppRole", values, APP_ROLE_PROPERTIES)
        self.app_roles[role["id"]] = role
        return role

    def assign(self, principal_id: str, role_id: str = DEFAULT_ACCESS) -> Record:
        """Assign a user or a group to the app, once for each role."""
        principal = self.find_principal(principal_id)
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

    def roles_of(self, user_id: str) -> list[Record]:
        """Return the roles of a user: those of the user's assignments and of the user's groups."""
        if not self.app_roles:  # the groups of a large directory take long to look through
            return []
        groups = [key for key, group in self.groups.items() if user_id in group["members"]]
        assigned = {each["appRoleId"] for each in self._assignments(user_id, *groups)}
        return [role for role_id, role in self.app_roles.items() if role_id in assigned]

    def is_assigned(self, object_id: str) -> bool:
        """Is a group assigned? Is a user assigned, or a direct member of an assigned group?"""
        if object_id in self.assigned or object_id in self.groups:
            return object_id in self.assigned  # not through a group within an assigned group
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
