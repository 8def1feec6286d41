"""The watcher that calls hooks, and the import of the modules in which they are."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, ContextVar
from importlib import import_module
from inspect import iscoroutinefunction
from traceback import extract_tb
from typing import Any

from scim.protocol.errors import InternalError, ScimError
from scim.settings import SettingError
from scim.storage import Change, Directory, Transaction
from scim.storage.database.engine import can_commit, held_open
from scim.storage.database.failures import is_passing, words
from scim.storage.database.placing import schema_of_hooks

from . import signals
from .signals import Event, Pending, Signal, Signals, fields_of, signals_of

FAILED = (
    "a hook of this server's operator failed, so nothing was stored; "
    "the operator finds the reason in the server's log"
)
ENDED = (
    "the hook ended the transaction, or caught an error of the database that ended it; "
    "`with event.connection.begin_nested()` keeps an error from ending it"
)
# The context of the request or command of the application that embeds the server: hooks see its
# ``current_app``, ``request`` and ``g``, and not ours.
CALLER: ContextVar[Context | None] = ContextVar("scim_caller", default=None)

logger = logging.getLogger("scim")


def import_hooks(modules: str) -> None:
    """Import modules, separated by commas, whose functions connect themselves to signals.

    :raises SettingError: one cannot be imported
    """
    for name in filter(None, (each.strip() for each in modules.split(","))):
        try:
            import_module(name)
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            where = "" if "importlib" in place.filename else f" ({place.filename}:{place.lineno})"
            raise SettingError(
                f"SCIM_HOOKS: the module {name!r} cannot be imported{where}: "
                f"{type(error).__name__}: {error}"
            ) from error


class Calling:
    """Calls the hooks of the signals ``before`` and ``after``.

    An application that embeds the server gives its ``context`` to hooks, for requests that did not
    come through it.
    """

    def __init__(self, context: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self.context = context

    def before_commit(self, transaction: Transaction) -> None:
        """Call the hooks of each change; what they write is stored with it.

        :raises ScimError: a hook refuses the change, or has failed
        """
        if not signals.before.have_hooks:
            return
        tenant, connection = transaction.directory.tenant_name, transaction.connection
        called = list(_hooks(tenant, transaction.changes, signals.before))
        with schema_of_hooks(connection) if called else nullcontext():
            for change, signal, hook in called:
                fields = fields_of(change, tenant)
                self._ask(hook, Pending(signal=_name(signal), connection=connection, **fields))

    def after_commit(self, directory: Directory, changes: Sequence[Change]) -> None:
        """Call the hooks of each change; the log tells which have failed."""
        if not signals.after.have_hooks:
            return
        tenant = directory.tenant_name
        for change, signal, hook in _hooks(tenant, changes, signals.after):
            event = Event(signal=_name(signal), **fields_of(change, tenant))
            try:
                self._call(hook, event)
            except (Exception, SystemExit):
                logger.exception("The change of %r is stored, but %s failed", event, _words(hook))

    def _ask(self, hook: Callable[..., Any], event: Pending) -> None:
        """Call a hook that may refuse a change; it must leave the transaction to the server.

        :raises ScimError: it refuses the change, or has failed
        """
        try:
            with held_open(event.connection):
                self._call(hook, event)
            if not can_commit(event.connection):
                raise RuntimeError(ENDED)
        except ScimError:
            raise
        except (Exception, SystemExit) as error:
            # It is attempted again, or answered with 503.
            if isinstance(error, Exception) and is_passing(error):
                logger.warning("%s could not finish: %s", _words(hook), words(error))
                raise
            logger.exception("The change of %r is refused: %s failed", event, _words(hook))
            raise InternalError(FAILED) from error

    def _call(self, hook: Callable[..., Any], event: Event) -> None:
        if iscoroutinefunction(hook):
            raise TypeError("a hook is a plain function, not one with `async`")
        if caller := CALLER.get():
            caller.copy().run(hook, event.tenant, event)
        else:
            with self.context():
                hook(event.tenant, event)


def _hooks(
    tenant: str, changes: Sequence[Change], moment: Signals
) -> Iterator[tuple[Change, Signal, Callable[..., Any]]]:
    """Yield each change with a signal and a hook that is connected to it."""
    for change in changes:
        for signal in signals_of(change, moment):
            if not signal.is_muted:
                for hook in signal.receivers_for(tenant):
                    yield change, signal, hook


def _name(signal: Signal) -> str:
    return signal.name.partition(".")[2]


def _words(hook: Callable[..., Any]) -> str:
    return f"the hook {getattr(hook, '__module__', '')}.{getattr(hook, '__qualname__', hook)}"
