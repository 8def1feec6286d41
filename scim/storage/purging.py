"""Changes are purged from the history: those before an instant, or those of some resources."""

from collections.abc import Sequence

import sqlalchemy as sa

from .forgetting import forget_until
from .history import ID, LAST_BODY, History, may_leave_out
from .tables import TENANT, THIS, among, changes, member_changes, outbox

PURGED_AT_ONCE = 1000
# Puts ``before`` in the next row that left it out, as the row ``version_gone`` is deleted.
COMPLETE = sa.text(
    f"UPDATE changes SET before = ({LAST_BODY.format('changes.')}) WHERE tenant_id = :tenant"
    " AND resource_id = :this AND version = (SELECT min(later.version) FROM changes AS later"
    " WHERE later.tenant_id = :tenant AND later.resource_id = :this"
    " AND later.version > :version_gone AND later.before IS NULL"
    f" AND {may_leave_out('later.operation')}"
    " AND (later.after IS NOT NULL OR later.operation = 'delete'))"
).bindparams(sa.bindparam("this", type_=ID.type))

UNTOLD = sa.exists().where(
    outbox.c.tenant_id == changes.c.tenant_id,
    outbox.c.resource_id == ID,
    outbox.c.version == changes.c.version,
    outbox.c.content.is_(None),
    ~outbox.c.dead,
)


def purge_changes(history: History, before: str, spares_untold: bool = False) -> int:
    """Delete a part of the changes made before an instant; return how many, 0 at the end.

    It ``spares_untold`` ones, which a receiver still has to be told of.

    :raises AuditKeyError: they are in an audit, and its key is not known
    """
    old = (changes.c.tenant_id == TENANT) & (changes.c.at < before)
    if spares_untold:
        old &= ~UNTOLD
    chosen = sa.select(ID, changes.c.version).where(old).limit(PURGED_AT_ONCE)
    found = history.connection.execute(chosen, {"tenant": history.tenant_id}).all()
    if not found:
        return 0
    discard_changes(history, [(*row,) for row in found])
    forget_until(history.connection, history.tenant_id, before)
    return len(found)


def discard_changes(history: History, keys: Sequence[tuple[str, int]]) -> None:
    """Delete changes, each named by its resource and version.

    :raises AuditKeyError: they are in an audit, and its key is not known
    """
    if not keys:
        return
    names = [
        {"tenant": history.tenant_id, "this": resource_id, "version_gone": version}
        for resource_id, version in keys
    ]
    history.audit.purge(keys)
    history.connection.execute(COMPLETE, names)
    for table, by_id in ((member_changes, member_changes.c.group_id), (changes, ID)):
        gone = (table.c.tenant_id == TENANT) & (by_id == THIS)
        gone &= table.c.version == sa.bindparam("version_gone")
        history.connection.execute(sa.delete(table).where(gone), names)


def forget_changes(history: History, ids: Sequence[str]) -> None:
    """Delete all changes of these resources, whatever their age.

    :raises AuditKeyError: they are in an audit, and its key is not known
    """
    names = {"tenant": history.tenant_id, "ids": list(ids)}
    known = sa.select(ID, changes.c.version).where(changes.c.tenant_id == TENANT, among(ID))
    history.audit.purge([(*row,) for row in history.connection.execute(known, names)])
    for table, by_id in ((member_changes, member_changes.c.group_id), (changes, ID)):
        chosen = sa.delete(table).where(table.c.tenant_id == TENANT, among(by_id))
        history.connection.execute(chosen, names)
