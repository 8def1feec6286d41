"""After a change: functions in this process are called, and receivers are told by the outbox.

1. ``calling`` and ``telling`` watch each transaction, see ``scim.storage.directory``. The first
   calls the hooks of ``signals``, the second puts a message for each receiver into the outbox.
2. ``outbox/`` takes messages and hands them to the channel of the receiver's kind (``channels``):
   ``webhooks/``, ``events/`` (RFC 9967) or ``mail/``.
3. ``asynchronous/`` carries out requests whose clients do not wait; ``events/`` tells the results.
4. ``receiving/`` is a receiver to try all of this with.
"""
