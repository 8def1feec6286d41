"""The requests of Okta to a SCIM server, flow by flow (RFC 7644 §3.3 to §3.6).

An app of the App Integration Wizard sends PUT for every change. The template app, and those of
Okta's catalog, send PUT for profiles and PATCH to deactivate, to reactivate and for groups.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import quote

from ..scim_client import Exchange, ScimClient
from ..values import Record, now
from .org import Assignment, Link, Mapping, Org
from .profiles import build_user, merge, read_profile

GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PAGE = 100
HEADERS = {
    "User-Agent": "Okta SCIM Client 1.0.0",
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip,deflate",
    "Content-Type": "application/scim+json; charset=utf-8",
}


class ProvisioningError(Exception):
    """A step failed. The rest of its task waits until somebody retries it."""


@dataclass
class Import:
    """The active users of the server, as profiles by their SCIM ids, and its groups."""

    users: dict[str, Record]
    groups: list[Record]
    finished: str | None
    is_taken: bool = False  # has the organization taken over the groups?


class Provisioner:
    """Sends changes of an organization to a SCIM server."""

    def __init__(self, org: Org, client: ScimClient) -> None:
        self.org, self.app, self.client = org, org.app, client
        self.imported = Import({}, [], None)

    def test_credentials(self) -> None:
        self._send("GET", "/Users?startIndex=1&count=2")

    def assign(self, user_id: str) -> None:
        """Create a user, or take over the user whom the server has under that userName."""
        if (assignment := self.app.assignments.get(user_id)) is None:
            return
        found = self._find("Users", "userName", assignment.profile["userName"])
        known = self.app.links.get(user_id)
        if found is None:
            password = self._first_password(user_id)
            body = build_user(assignment.profile, user_id, password)
            scim_id = self._send("POST", "/Users", body).received.get("id")
            if not scim_id:
                raise ProvisioningError("Create new user returned empty user")
            self._remember(assignment, scim_id)
        elif known and known.scim_id == found["id"]:
            self._reactivate(assignment, known, found)
        else:
            self._replace(assignment, self._get("Users", found["id"]))

    def _reactivate(self, assignment: Assignment, known: Link, found: Record) -> None:
        if self.app.kind == "wizard":
            self._replace(assignment, found)
            return
        self._patch(f"/Users/{_path(known.scim_id)}", _replace({"active": True}))
        if known.pushed != assignment.profile:
            self._replace(assignment, self._get("Users", known.scim_id))
        self._remember(assignment, known.scim_id)

    def update(self, user_id: str) -> None:
        """Send the profile of a user: read the resource, then put it back with the changes."""
        assignment, link = self.app.assignments.get(user_id), self.app.links.get(user_id)
        if assignment and link and link.pushed != assignment.profile:
            self._replace(assignment, self._get("Users", link.scim_id))

    def deactivate(self, user_id: str) -> None:
        """Set ``active`` to false. Okta never deletes a user."""
        link = self.app.links.get(user_id)
        if link is None or user_id in self.app.assignments:  # assigned again before the retry
            return
        path = f"/Users/{_path(link.scim_id)}"
        if self.app.kind == "wizard":
            found = self._get("Users", link.scim_id)
            self._send("PUT", path, merge(found, link.pushed, link.pushed, active=False))
        else:
            self._patch(path, _replace({"active": False}))

    def change_password(self, user_id: str) -> None:
        """Send the password of a user."""
        if user_id not in self.app.assignments or (link := self.app.links.get(user_id)) is None:
            return
        path, sent = f"/Users/{_path(link.scim_id)}", {"password": self.org.users[user_id].password}
        if self.app.kind == "wizard":
            found = self._get("Users", link.scim_id)
            self._send("PUT", path, merge(found, link.pushed, link.pushed) | sent)
        else:
            self._patch(path, _replace(sent))

    def stale_groups(self) -> list[Mapping]:
        """Return the groups to push. A group that failed is pushed when somebody asks for it."""
        return [
            mapping
            for mapping in list(self.app.mappings.values())
            if mapping.status == "ACTIVE" and not mapping.error and self._is_stale(mapping)
        ]

    def push_group(self, mapping_id: str) -> None:
        """Push a group: find or create it the first time, then send its changes."""
        mapping = self.app.mappings.get(mapping_id)
        if mapping is None or mapping.status != "ACTIVE":
            return
        try:
            self._push(mapping)
            mapping.error = None
        except ProvisioningError as error:
            mapping.error = str(error)
            raise

    def _push(self, mapping: Mapping) -> None:
        name, members = self.name_of(mapping), self._members(mapping)
        is_first = mapping.pushed_name is None
        if is_first and mapping.target_id is None:
            found = self._find("Groups", "displayName", name)
            if found is None:
                body = {"schemas": [GROUP_SCHEMA], "displayName": name, "members": []}
                found = self._send("POST", "/Groups", body).received
            mapping.target_id = str(found["id"])
        if not self._is_stale(mapping):
            return
        target_id = str(mapping.target_id)
        if is_first:
            self._get("Groups", target_id)
        path = f"/Groups/{_path(target_id)}"
        if self.app.kind == "wizard":
            named = {"id": target_id, "displayName": name, "members": _values(members)}
            self._send("PUT", path, {"schemas": [GROUP_SCHEMA], **named})
        else:
            self._patch(path, *_group_operations(mapping, name, members))
        mapping.pushed_name, mapping.pushed_members = name, members
        mapping.last_push = mapping.last_updated = now()

    def remove_group(self, target_id: str) -> None:
        """Delete a group that is not pushed any more, unless it is gone already."""
        exchange = self.client.request("DELETE", f"/Groups/{_path(target_id)}")
        if exchange.status not in (200, 204, 404):
            raise ProvisioningError(exchange.detail)

    def import_all(self) -> None:
        """Read all users, then all groups, a hundred at a time (RFC 7644 §3.4.2.4)."""
        users = [each for each in self._pages("Users") if each.get("active", True)]
        groups = [
            {
                "id": each["id"],
                "name": str(each["displayName"]),
                "members": [member["value"] for member in each.get("members", [])],
            }
            for each in self._pages("Groups")
        ]
        self.imported = Import({each["id"]: read_profile(each) for each in users}, groups, now())

    def _pages(self, endpoint: str) -> list[Record]:
        read: list[Record] = []
        while True:
            path = f"/{endpoint}?startIndex={len(read) + 1}&count={PAGE}"
            page = self._send("GET", path).received
            read += page.get("Resources", [])
            if not page.get("Resources") or len(read) >= page.get("totalResults", 0):
                return read

    def _replace(self, assignment: Assignment, found: Record) -> None:
        path = f"/Users/{_path(found['id'])}"
        link = self.app.links.get(assignment.user_id)
        pushed = link.pushed if link else {}
        self._send("PUT", path, merge(found, assignment.profile, pushed))
        self._remember(assignment, found["id"])

    def _first_password(self, user_id: str) -> str:
        """Return the user's own password if passwords are synchronized, otherwise a random one."""
        own = self.org.users[user_id].password if self.app.syncs_passwords else None
        return own or secrets.token_hex(4)

    def _remember(self, assignment: Assignment, scim_id: str) -> None:
        self.app.links[assignment.user_id] = Link(scim_id, dict(assignment.profile))
        assignment.status, assignment.sync_state = "PROVISIONED", "SYNCHRONIZED"
        assignment.last_updated = now()

    def _is_stale(self, mapping: Mapping) -> bool:
        wanted = self.name_of(mapping), self._members(mapping).keys()
        return wanted != (mapping.pushed_name, mapping.pushed_members.keys())

    def name_of(self, mapping: Mapping) -> str:
        """Return the name of a group in the app."""
        return str(mapping.target_name or self.org.groups[mapping.group_id].profile["name"])

    def _members(self, mapping: Mapping) -> dict[str, str]:
        """Return the userNames of a group's members whom the server knows, by their SCIM ids."""
        members = [
            assignment
            for user_id in self.org.groups[mapping.group_id].members
            if (assignment := self.app.assignments.get(user_id)) and user_id in self.app.links
        ]
        links = self.app.links
        return {links[each.user_id].scim_id: each.profile["userName"] for each in members}

    def _find(self, endpoint: str, attribute: str, value: str) -> Record | None:
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        sought = quote(f'{attribute} eq "{text}"', safe="")
        path = f"/{endpoint}?filter={sought}&startIndex=1&count={PAGE}"
        exchange = self.client.request("GET", path)
        if exchange.status == 404:
            return None
        found: list[Record] = _expect(exchange).received.get("Resources", [])
        return found[0] if found else None

    def _get(self, endpoint: str, resource_id: str) -> Record:
        return self._send("GET", f"/{endpoint}/{_path(resource_id)}").received

    def _patch(self, path: str, *operations: Record) -> None:
        self._send("PATCH", path, {"schemas": [PATCH_SCHEMA], "Operations": list(operations)})

    def _send(self, method: str, path: str, body: Record | None = None) -> Exchange:
        return _expect(self.client.request(method, path, body))


def _expect(exchange: Exchange) -> Exchange:
    if exchange.status not in (200, 201, 204):
        raise ProvisioningError(exchange.detail)
    return exchange


def _path(resource_id: str) -> str:
    return quote(resource_id, safe="")


def _replace(value: Record) -> Record:
    return {"op": "replace", "value": value}


def _values(members: dict[str, str]) -> list[Record]:
    return [{"value": value, "display": display} for value, display in members.items()]


def _group_operations(mapping: Mapping, name: str, members: dict[str, str]) -> list[Record]:
    """Return the operations of one PATCH: Okta sends the name each time, then the members."""
    operations = [_replace({"id": mapping.target_id, "displayName": name})]
    if mapping.pushed_name is None:
        return [*operations, {"op": "replace", "path": "members", "value": _values(members)}]
    gone = [each for each in mapping.pushed_members if each not in members]
    came = {each: shown for each, shown in members.items() if each not in mapping.pushed_members}
    operations += [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in gone]
    if came:
        operations.append({"op": "add", "path": "members", "value": _values(came)})
    return operations
