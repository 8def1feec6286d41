"""Pages of users: the groups of all of them are found in three statements.

Users on a page share groups. A subquery for each user writes the text of a shared group again for
each of them, and a page took twice as long.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..database.prepared import Prepared
from ..relations import RELATIONS
from ..rows import Stored, select_rows
from ..tables import TENANT, among, kind_of, link, nesting
from .query import Selection

_direct, _indirect = RELATIONS["groups"]
_shown = _direct.other


def _select_by_ids(key: Any, beside: Any) -> Prepared:
    """Return the SELECT of each of ``ids`` in the column ``key``, and of a column beside it."""
    mine = key.table.c.tenant_id == TENANT, among(key)
    return Prepared(sa.select(sa.cast(key, sa.Text), beside).where(*mine))


SELECT_LINKS = _select_by_ids(link.c.user_id, sa.cast(link.c.group_id, sa.Text))
SELECT_ABOVE = _select_by_ids(nesting.c.child_id, sa.cast(nesting.c.parent_id, sa.Text))
SELECT_TEXTS = _select_by_ids(_shown.c.id, _direct.beginning)


def select_page_rows(selection: Selection) -> sa.Select[Any]:
    """Return the SELECT whose rows ``resources_in`` makes resources of."""
    resource_type = selection.resource_type
    together = selection.with_related and not kind_of(resource_type).has_groups
    return select_rows(resource_type, together)


def resources_in(
    connection: sa.Connection, tenant_id: int, selection: Selection, read: Sequence[Any]
) -> list[Stored]:
    """Return the resources in rows, users with their groups; more columns are left alone."""
    with_groups = selection.with_related and kind_of(selection.resource_type).has_groups
    if not read or not with_groups:
        return [Stored(*row[:8]) for row in read]
    groups = groups_of(connection, tenant_id, [row[0] for row in read])
    return [Stored(*(*row[:5], groups.get(row[0]), *row[6:8])) for row in read]


def groups_of(connection: sa.Connection, tenant_id: int, user_ids: Sequence[str]) -> dict[str, str]:
    """Return the JSON texts of each user's groups, direct and indirect, joined by commas.

    A user in no group is left out.
    """
    direct: dict[str, set[str]] = defaultdict(set)
    for user, group in SELECT_LINKS.rows(connection, {"tenant": tenant_id, "ids": list(user_ids)}):
        direct[user].add(group)
    found = set().union(*direct.values())
    if not found:
        return {}
    above: dict[str, set[str]] = defaultdict(set)
    for child, parent in SELECT_ABOVE.rows(connection, {"tenant": tenant_id, "ids": list(found)}):
        above[child].add(parent)
    ids = list(found.union(*above.values()))
    texts = {
        group: (f'{text},"type":"{_direct.type}"}}', f'{text},"type":"{_indirect.type}"}}')
        for group, text in SELECT_TEXTS.rows(connection, {"tenant": tenant_id, "ids": ids})
    }
    return {user: _joined(groups, above, texts) for user, groups in direct.items()}


def _joined(direct: set[str], above: dict[str, set[str]], texts: dict[str, tuple[str, str]]) -> str:
    everything = direct.union(*(above[group] for group in direct)) if above else direct
    return ",".join(
        texts[group][group not in direct] for group in sorted(everything) if group in texts
    )
