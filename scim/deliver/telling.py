"""The watcher that lets receivers be told of each change."""

from collections.abc import Sequence

from scim.storage import Change, Directory, Transaction, new_id
from scim.storage.outbox import put
from scim.storage.receivers import KnownReceivers

from .channels import CHANNELS


class Telling:
    """Puts messages into the outbox, in the transaction of the change."""

    def __init__(self) -> None:
        self.known = KnownReceivers()

    def before_commit(self, transaction: Transaction) -> None:
        """Put a message for each change and each receiver that wants to know of it."""
        receivers = self.known.of(transaction.connection, transaction.tenant_id)
        if not receivers:
            return
        if not transaction.directory.keeps_history:  # the messages are made of it
            transaction.history.record(transaction.changes)
        told = [
            (receiver, change)
            for change in transaction.changes
            for receiver in receivers
            if CHANNELS[receiver.kind].wants(receiver, change)
        ]
        put(transaction, told, new_id())

    def after_commit(self, directory: Directory, changes: Sequence[Change]) -> None:
        """Do nothing: the deliverer finds the messages."""
