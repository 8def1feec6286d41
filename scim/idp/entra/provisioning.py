"""Provision a user, a group, a manager or the members of a group.

The provisioner looks for the object in the app. Then it creates, updates, disables or deletes the
object, or leaves it alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from ..values import Record
from .dialect import AttributeChange, DefaultDialect, differences
from .directory import Directory
from .mapping.rules import ALWAYS, MANAGER, SOFT_DELETED, Rules, Values
from .mapping.scope import includes
from .mapping.values import build_user, map_values, read
from .records import Entry
from .target import Target, TargetError, equals

WITHOUT_MEMBERS = "excludedAttributes=members"


@dataclass
class Link:
    """An object in the app: its id there, and the references that were sent."""

    endpoint: str
    target_id: str
    was_found: bool = False  # and not created: it may have members who were not sent
    manager: str | None = None
    members: set[str] = field(default_factory=set)


@dataclass
class Provisioner:
    """Provisions objects of a directory one by one, and returns a log entry for each."""

    directory: Directory
    target: Target
    dialect: DefaultDialect
    rules: Rules
    links: dict[str, Link] = field(default_factory=dict)

    def test_connection(self) -> None:
        """Search for a user who does not exist.

        :raises TargetError: the app does not answer with a list
        """
        self.target.find("Users", equals(self.rules["User"].matching[0], str(uuid4())))

    def is_group(self, object_id: str) -> bool:
        link = self.links.get(object_id)
        return link.endpoint == "Groups" if link else object_id in self.directory.groups

    @contextmanager
    def _entry(self, object_id: str, refers: bool = False) -> Iterator[Entry]:
        users, groups = self.directory.users, self.directory.groups
        source = users.get(object_id) or groups.get(object_id) or {}
        name = source.get("userPrincipalName") or source.get("displayName") or object_id
        kind = "Group" if self.is_group(object_id) else "User"
        entry = Entry(kind, object_id, name, refers)
        try:
            yield entry
        except TargetError as error:
            entry.fail(error)
        if link := self.links.get(object_id):
            entry.target_id = link.target_id

    def provision_user(self, user_id: str) -> Entry:
        """Create, update, disable or delete a user."""
        with self._entry(user_id) as entry:
            user, link = self.directory.users.get(user_id), self.links.get(user_id)
            if user is None:
                self._delete(entry, link)
            elif self._is_active(user):
                self._create_or_update_user(entry, user)
            elif link is None:
                entry.skip("NotEffectivelyEntitled", f"{entry.source_name} is not in scope")
            else:
                self._disable(entry, user, link)
        return entry

    def _is_active(self, user: Record) -> bool:
        """Is a user in scope, not blocked and not deleted? If not, Entra ID says IsSoftDeleted."""
        is_blocked = user["deletedDateTime"] or user["accountEnabled"] is False
        return not is_blocked and self._in_scope("User", user)

    def _in_scope(self, kind: str, source: Record) -> bool:
        is_assigned = self.directory.is_assigned(source["id"])
        return is_assigned and includes(self.rules[kind].scope, source)

    def _create_or_update_user(self, entry: Entry, user: Record) -> None:
        values = map_values(self._source(user), self.rules["User"].attributes)
        found = self._find(entry, values)
        if found:
            self._update(entry, values, found)
            return
        target_id = self.target.create("Users", build_user(values))
        self.links[entry.source_id] = Link("Users", target_id)
        entry.done("create", f"created {entry.source_name}", values)

    def _source(self, user: Record, is_soft_deleted: bool = False) -> Record:
        roles = self.directory.roles_of(user["id"])
        return user | {SOFT_DELETED: is_soft_deleted, "appRoleAssignments": roles}

    def provision_group(self, group_id: str) -> Entry:
        """Create or update a group, or delete it if it is no longer in scope."""
        with self._entry(group_id) as entry:
            group = self.directory.groups.get(group_id)
            if group is None or not self._in_scope("Group", group):
                self._delete(entry, self.links.get(group_id))
                return entry
            values = map_values(group, self.rules["Group"].attributes)
            found = self._find(entry, values)
            if found:
                self._update(entry, values, found)
            else:
                target_id = self.target.create("Groups", self.dialect.group_document(values))
                self.links[group_id] = Link("Groups", target_id)
                entry.done("create", f"created {entry.source_name}", values)
        return entry

    def _find(self, entry: Entry, values: Values) -> Record | None:
        """Return the resource of the app for an object: by its known id, otherwise by a search."""
        endpoint = f"{entry.kind}s"
        query = WITHOUT_MEMBERS if entry.kind == "Group" else ""
        if link := self.links.get(entry.source_id):
            if found := self.target.read(endpoint, link.target_id, query):
                return found
            del self.links[entry.source_id]
        targets = self.rules[entry.kind].matching
        searches = [equals(each, str(values[each])) for each in targets if each in values]
        if not searches:
            raise TargetError("MissingMatchingAttribute", f"{', '.join(targets)} has no value")
        for sought in searches:
            matches = self.target.find(endpoint, sought, query)
            if len(matches) > 1:
                raise TargetError("DuplicateTargetEntries", f"{len(matches)} match {sought}")
            entry.step("EntryImport", "matching", "success", f"{len(matches)} match {sought}")
            if matches:
                self.links[entry.source_id] = Link(endpoint, matches[0]["id"], was_found=True)
                return matches[0]
        return None

    def _update(self, entry: Entry, values: Values, found: Record) -> None:
        updated = self.rules[entry.kind].updated
        changes = [each for each in differences(values, found) if each.path in updated]
        if not changes:
            entry.skip("RedundantExport", f"{entry.source_name} is up to date")
            return
        link = self.links[entry.source_id]
        self.target.patch(link.endpoint, link.target_id, self.dialect.attributes(changes))
        modified = {change.path: change.value for change in changes}
        entry.done("update", f"updated {', '.join(modified)} of {entry.source_name}", modified)

    def _disable(self, entry: Entry, user: Record, link: Link) -> None:
        """Change the attributes that are mapped from IsSoftDeleted, by default ``active``.

        The job forgets a user who is not in scope.
        """
        found = self.target.read("Users", link.target_id)
        mapping = tuple(
            each
            for each in self.rules["User"].attributes
            if SOFT_DELETED in each.source and each.flow_type == ALWAYS
        )
        changes = [
            AttributeChange("Replace", path, value)
            for path, value in map_values(self._source(user, is_soft_deleted=True), mapping).items()
            if found and read(found, path) != value
        ]
        if not changes:
            entry.skip("RedundantExport", f"{entry.source_name} is not active")
        else:
            self.target.patch("Users", link.target_id, self.dialect.attributes(changes))
            modified = {change.path: change.value for change in changes}
            entry.done("disable", f"disabled {entry.source_name}", modified)
        if not found or not self._in_scope("User", user):
            del self.links[entry.source_id]

    def _delete(self, entry: Entry, link: Link | None) -> None:
        if link is None:
            entry.skip("NotEffectivelyEntitled", f"{entry.source_name} is not managed")
            return
        self.target.delete(link.endpoint, link.target_id)
        del self.links[entry.source_id]
        for other in self.links.values():  # the app has dropped the references to it
            other.members.discard(link.target_id)
            other.manager = None if other.manager == link.target_id else other.manager
        entry.done("delete", f"deleted {entry.source_name}")

    def provision_manager(self, user_id: str) -> Entry | None:
        """Set or clear a user's manager. A manager who is not in the app counts as none."""
        user, link = self.directory.users.get(user_id), self.links.get(user_id)
        if user is None or link is None or not self.rules["User"].refers(MANAGER):
            return None
        manager = self.links.get(user["manager"])
        wanted = manager.target_id if manager else None
        if wanted == link.manager or not self._is_active(user):
            return None
        with self._entry(user_id, refers=True) as entry:
            if wanted and self._refers("Users", link.target_id, "manager", wanted):
                entry.skip("RedundantExport", f"{entry.source_name} has that manager already")
            else:
                change = _manager_change(link.manager, wanted)
                self.target.patch("Users", link.target_id, self.dialect.attributes([change]))
                entry.done("update", f"updated manager of {entry.source_name}", {MANAGER: wanted})
            link.manager = wanted
        return entry

    def _refers(self, endpoint: str, target_id: str, attribute: str, to_id: str) -> bool:
        """Ask the app whether an object has a reference."""
        sought = f"{equals('id', target_id)} and {equals(attribute, to_id)}"
        query = WITHOUT_MEMBERS if endpoint == "Groups" else "attributes=id"
        return bool(self.target.find(endpoint, sought, query))

    def provision_members(
        self, group_id: str, selected: frozenset[str] | None = None
    ) -> Entry | None:
        """Add and remove the members of a group in one request. Groups in a group are left out.

        With ``selected`` members, only these are added and none is removed.
        """
        group, link = self.directory.groups.get(group_id), self.links.get(group_id)
        if group is None or link is None or not self.rules["Group"].refers("members"):
            return None
        members = {
            self.links[member].target_id: member
            for member in group["members"]
            if member in self.links and not self.is_group(member)
        }
        added = [
            target_id
            for target_id, member in members.items()
            if target_id not in link.members and (selected is None or member in selected)
        ]
        removed = sorted(link.members - members.keys()) if selected is None else []
        if not added and not removed:
            return None
        with self._entry(group_id, refers=True) as entry:
            self._change_members(entry, link, added, removed)
        return entry

    def _change_members(
        self, entry: Entry, link: Link, added: list[str], removed: list[str]
    ) -> None:
        if link.was_found:
            there = {
                each for each in added if self._refers("Groups", link.target_id, "members", each)
            }
            link.members |= there
            added = [each for each in added if each not in there]
        if not added and not removed:
            entry.skip("RedundantExport", f"{entry.source_name} has these members already")
            return
        self.target.patch("Groups", link.target_id, self.dialect.members(added, removed))
        link.members = (link.members | set(added)) - set(removed)
        count = f"{len(added)} added, {len(removed)} removed"
        entry.done("update", f"members of {entry.source_name}: {count}", {"members": count})


def _manager_change(known: str | None, wanted: str | None) -> AttributeChange:
    if wanted is None:
        return AttributeChange("Remove", MANAGER)
    return AttributeChange("Replace" if known else "Add", MANAGER, wanted)
