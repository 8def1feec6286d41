"""The watcher that lets receivers be told of each change."""

from collections.abc import Sequence

from scim.settings import Settings
from scim.storage import Change, Directory, Transaction, new_id
from scim.storage.outbox import put
from scim.storage.receivers import KnownReceivers

from . import invitations
from .channels import CHANNELS, OF_NOW, implicit


class Telling:
    """Puts messages into the outbox, in the transaction of the change."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to tell receivers.

        :raises SettingError: invitations are wanted, and their template cannot be used
        """
        invitations.check(settings)
        self.known, self.implicit = KnownReceivers(), implicit(settings)

    def before_commit(self, transaction: Transaction) -> None:
        """Put a message for each change and each receiver that wants to know of it."""
        tenant_id = transaction.tenant_id
        receivers = [
            *self.known.of(transaction.connection, tenant_id),
            *(made(tenant_id) for made in self.implicit),
        ]
        told = [
            (receiver, change)
            for change in transaction.changes
            for receiver in receivers
            if CHANNELS[receiver.kind].wants(receiver, change)
        ]
        if not told:
            return
        need_history = any(receiver.kind not in OF_NOW for receiver, _ in told)
        if need_history and not transaction.directory.keeps_history:
            transaction.history.record(transaction.changes)
        put(transaction, told, new_id())

    def after_commit(self, directory: Directory, changes: Sequence[Change]) -> None:
        """Do nothing: the deliverer finds the messages."""
