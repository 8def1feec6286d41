"""The watcher that lets receivers be told of each change."""

from collections.abc import Sequence

from scim.settings import Settings
from scim.storage import Change, Directory, Transaction, new_id
from scim.storage.outbox import put
from scim.storage.receivers import KnownReceivers, Receiver, store_implicit

from .channels import CHANNELS, OF_NOW, implicit
from .mail import invitations


class Telling:
    """Puts messages into the outbox, in the transaction of the change."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to tell receivers.

        :raises SettingError: invitations are wanted, and their template cannot be used
        """
        invitations.check(settings)
        self.known, self.implicit = KnownReceivers(), implicit(settings)
        self.passed = () if invitations.are_sent(settings) else (invitations.KIND,)

    def before_commit(self, transaction: Transaction) -> None:
        """Put a message for each change and each receiver that wants to know of it."""
        receivers = self._receivers(transaction)
        if not receivers:
            return
        told = [
            (receiver, change)
            for change in transaction.changes
            for receiver in receivers
            if _wants(receiver, change)
        ]
        if not transaction.directory.keeps_history:  # the deliverer purges it when it has told it
            named = {id(change) for receiver, change in told if receiver.kind not in OF_NOW}
            needed = [change for change in transaction.changes if id(change) in named]
            transaction.history.record(needed)
        put(transaction, told, transaction.directory.txn or new_id())

    def _receivers(self, transaction: Transaction) -> Sequence[Receiver]:
        """Return the receivers of a tenant; store those that it has without anybody's doing."""
        connection, tenant_id = transaction.connection, transaction.tenant_id
        stored = self.known.of(connection, tenant_id)
        found = [each for each in stored if each.kind not in self.passed]
        known = {each.id for each in found}
        missing = [each for made in self.implicit if (each := made(tenant_id)).id not in known]
        for each in missing:
            store_implicit(connection, each)
        return [*found, *missing] if missing else found

    def after_commit(self, directory: Directory, changes: Sequence[Change]) -> None:
        """Do nothing: the deliverer finds the messages."""


def _wants(receiver: Receiver, change: Change) -> bool:
    """Tell whether a receiver is to be told; a newer version may have added one of another kind."""
    channel = CHANNELS.get(receiver.kind)
    return channel is not None and channel.wants(receiver, change)
