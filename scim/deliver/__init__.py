"""What happens after a change: who is told of it, and how.

A watcher puts a row for each receiver into the outbox, in the transaction of the change. The
deliverer, a job beside the workers, takes rows from it and hands them to the channel of the
receiver's kind.
"""
