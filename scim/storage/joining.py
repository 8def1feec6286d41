"""Members who join many groups at once.

A bulk request creates many groups, each of which may have those before it as members. A resource
that was deleted comes back into its groups.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import sqlalchemy as sa

from scim.protocol.errors import InvalidValueError
from scim.protocol.references import Linked
from scim.protocol.schema import ENDPOINTS, GROUP, USER, ResourceType

from .changes import Cause, Operation, Reason
from .database.prepared import Prepared
from .keys import is_id, now
from .members.membership import SELECT_KNOWN, SELECT_KNOWN_BENEATH
from .members.nesting import NestingNotLocked
from .relations import LINK_TO_GROUPS, LOCK_GROUPS
from .tables import TENANT, among, groups, link, nesting
from .transaction import Transaction

GROUP_ID = sa.cast(groups.c.id, sa.Text)
SELECT_GROUPS = Prepared(
    sa.select(GROUP_ID).where(groups.c.tenant_id == TENANT, among(groups.c.id))
)
SELECT_PAIRS = Prepared(
    sa.select(sa.cast(nesting.c.parent_id, sa.Text), sa.cast(nesting.c.child_id, sa.Text)).where(
        nesting.c.tenant_id == TENANT, among(nesting.c.parent_id)
    )
)
# ``pairs`` has the groups in each group, each with true if it is a member.
INSERT_PAIRS = {
    "sqlite": Prepared(
        sa.text(
            "INSERT INTO nesting (tenant_id, parent_id, child_id, direct)"
            " SELECT :tenant, above.key, below.key, below.value"
            " FROM json_each(:pairs) AS above, json_each(above.value) AS below"
        )
    ),
    "postgresql": Prepared(
        sa.text(
            "INSERT INTO nesting (tenant_id, parent_id, child_id, direct)"
            " SELECT CAST(:tenant AS integer), CAST(above.key AS uuid), CAST(below.key AS uuid),"
            " CAST(below.value AS boolean)"
            " FROM json_each(CAST(:pairs AS json)) AS above, json_each_text(above.value) AS below"
        )
    ),
}
TOGETHER = "the groups are too deep in each other, or too many, to be written together"


class NewMembers:
    """The members of groups that a transaction inserts; a group comes after those in it.

    ``wanted`` are the ids that a client sent for each group. ``users`` and ``groups`` are those of
    them that exist, by group. ``beneath`` are the groups in each group, also by way of others.
    """

    def __init__(self, transaction: Transaction, wanted: Mapping[str, Sequence[str]]) -> None:
        self.transaction = transaction
        self.connection = transaction.connection
        self.nesting = transaction.nesting
        self.wanted = wanted
        self.ids = [each for each in set(chain.from_iterable(wanted.values())) if is_id(each)]
        self.users: dict[str, set[str]] = {}
        self.groups: dict[str, set[str]] = {}
        self.beneath: defaultdict[str, set[str]] = defaultdict(set)

    def lock(self) -> None:
        """Lock the nesting if a group gets a group as a member; this comes before other locks."""
        outside = [each for each in self.ids if each not in self.wanted]
        if self.nesting.alone or not self.ids:
            return
        found = SELECT_GROUPS.rows(self.connection, self.nesting.tenant | {"ids": outside})
        if found or len(outside) < len(self.ids):
            self.nesting.hold(next(iter(self.wanted)), [group for (group,) in found])

    def insert(self) -> None:
        """Insert the members of all groups, and bump each user in or beneath them once.

        :raises InvalidValueError: a member does not exist, or the nesting may become too large
        """
        if not self.ids and not any(self.wanted.values()):
            return
        self.find()
        links = [
            {"tenant_id": self.transaction.tenant_id, "group_id": group, "user_id": user}
            for group, users in self.users.items()
            for user in users
        ]
        if links:
            self.connection.execute(sa.insert(link), links)
        if any(self.groups.values()):
            self.nest()
        for group in self.wanted:
            joined = dict.fromkeys(self.users[group] | self.groups[group], True)
            self.transaction.members_at(group, 1).update(joined)
        self.nesting.bump_members(set(self.wanted).union(*self.beneath.values()), now())

    def find(self) -> None:
        """Find the users and groups among the members, and lock them.

        :raises InvalidValueError: one does not exist, and may not be skipped
        :raises NestingNotLocked: a group among them was not found by ``lock``
        """
        held = self.nesting.held
        names = self.nesting.tenant | {"ids": self.ids, "beneath": list(held or ())}
        statement = SELECT_KNOWN if held is None else SELECT_KNOWN_BENEATH
        known = {each: bool(is_group) for each, is_group in statement.rows(self.connection, names)}
        nested = {each for each, is_group in known.items() if is_group}
        outside = nested - self.wanted.keys()
        if not self.nesting.alone and (outside if held is None else outside - held):
            raise NestingNotLocked(next(iter(self.wanted)), outside)
        for group, ids in self.wanted.items():
            is_complete = all(_is_known(each, known) for each in ids)
            if not is_complete and not self.transaction.directory.skip_unknown:
                raise InvalidValueError("members: one does not exist")
            self.users[group] = (known.keys() & ids) - nested
            self.groups[group] = nested.intersection(ids)

    def nest(self) -> None:
        """Insert the pairs of a group and one in it.

        :raises InvalidValueError: they are too many, or may be too deep
        """
        outside = set().union(*self.groups.values()) - self.wanted.keys()
        names = self.nesting.tenant | {"ids": list(outside)}
        for parent, child in SELECT_PAIRS.rows(self.connection, names) if outside else ():
            self.beneath[parent].add(child)
        depths = {each: len(self.beneath[each]) + 1 for each in outside}  # at most
        pairs: dict[str, dict[str, bool]] = {}
        for group, children in self.groups.items():
            below = children.union(*(self.beneath[each] for each in children))
            self.beneath[group] = below
            depths[group] = 1 + max((depths[each] for each in children), default=0)
            if below:
                pairs[group] = {each: each in children for each in below}
        limits = self.transaction.directory
        is_deep = max(depths.values()) > limits.max_nesting_depth
        if is_deep or sum(map(len, pairs.values())) > limits.max_nesting_pairs:
            raise InvalidValueError(TOGETHER)
        insert = INSERT_PAIRS[self.connection.dialect.name]
        insert.rows(self.connection, self.nesting.tenant | {"pairs": pairs})


def _is_known(member: str, known: Mapping[str, bool]) -> bool:
    """Tell whether a member exists; one that was sent as a link has the type in the link."""
    if not isinstance(member, Linked) or member not in known:
        return member in known
    return member.endpoint == ENDPOINTS["Group" if known[member] else "User"]


def rejoin(
    transaction: Transaction, resource_type: ResourceType, group_ids: Collection[str], member: str
) -> None:
    """Make a user or a group that has come back a member of the groups that are still there.

    :raises InvalidValueError: a group would contain itself
    """
    nesting = transaction.nesting
    if not group_ids:
        return
    if resource_type.has_members:
        nesting.hold(member, [member])
    names = transaction.names(member) | {"ids": list(group_ids)}
    here = list(transaction.connection.scalars(LOCK_GROUPS, names))
    at, cause = now(), Cause(Reason.RESTORED, member)
    if resource_type.has_members:
        nesting.rejoin(here, member)
        nesting.bump_beneath([member] if here else [], at)
    else:
        transaction.connection.execute(LINK_TO_GROUPS, names | {"ids": here})
        transaction.bump(USER, [member] if here else [])
    for group_id, version in transaction.bump(GROUP, here).items():
        transaction.members_at(group_id, version)[member] = True
        transaction.note(GROUP, group_id, version, Operation.PATCH, at, cause=cause)
