"""One tenant's directory: which resources it holds, and which rules its writes keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from scim.protocol.definitions.assembly import BUILT_IN, Definitions

from .changes import Change
from .seal import Seal


class Watcher(Protocol):
    """Somebody who is told of every change; a dry run makes none."""

    def before_commit(self, transaction: Any) -> None:
        """Look at a transaction, which is then committed; raise a ScimError to refuse it.

        What it writes on the transaction's connection is stored with the changes, or not at all.
        """

    def after_commit(self, directory: "Directory", changes: Sequence[Change]) -> None:
        """Look at changes that are stored; it must not raise."""


class Unprepared(Exception):
    """A guard wants the transaction to begin again, after ``prepare`` has read without its locks.

    ``read`` calls a function with a connection, and returns what that returns.
    """

    def prepare(self, read: Callable[[Callable[[Any], Any]], Any]) -> None:
        """Read it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Directory:
    """The resources of one tenant, opened in the name of one token.

    ``unique_names``: two groups never share a displayName. ``skip_unknown``: members
    that do not exist are skipped. ``restores``: a deleted user who is created again comes back.
    ``largest`` is the size of a resource that no write may exceed, in characters of JSON.
    ``max_nesting_depth`` is the number of groups that may be in each other one by one,
    ``max_nesting_pairs`` that of the pairs of a group and one in it that one change may write.
    ``token`` is the name that history records beside each change, ``request_id`` the request. With
    a ``txn`` receivers are told that the changes are of this transaction (RFC 8417 §2.2). With a
    ``seal`` the changes go to the audit. ``guard`` looks at each transaction at its end, and
    refuses it by raising. Then the ``watchers`` are told of the changes, and ``tenant_name``.
    """

    tenant_id: int
    definitions: Definitions = BUILT_IN
    unique_names: bool = True
    skip_unknown: bool = False
    restores: bool = False
    largest: float = inf
    keeps_history: bool = True
    max_nesting_depth: float = inf
    max_nesting_pairs: float = inf
    tenant_name: str = ""
    token: str = ""
    request_id: str | None = None
    txn: str | None = None
    seal: Seal | None = None
    watchers: Sequence[Watcher] = ()
    guard: Callable[[Any], None] | None = None
