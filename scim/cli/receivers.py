"""Steps that the commands about webhooks and about streams share."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from scim.deliver.mail.invitations import NAME as INVITATIONS
from scim.deliver.outgoing import OutgoingError, check_place
from scim.explain.words import counted
from scim.storage.receivers import (
    FRESH,
    Receiver,
    add_receiver,
    change_receiver,
    find_receiver,
    list_receivers,
    remove_receiver,
)

from .common import database, find, say, service


def check_address(url: str) -> None:
    """Check that the server may call a URL.

    :raises click.ClickException: it may not; the text says why, and what to do
    """
    try:
        check_place(service().settings, url)
    except OutgoingError as error:
        raise click.ClickException(str(error)) from None


def added(
    tenant: str,
    name: str,
    kind: str,
    url: str,
    secrets: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Receiver:
    """Add a receiver to a tenant and return it, when all servers know it.

    :raises click.ClickException: the tenant does not exist, or the name is taken
    """
    mine = find(tenant)
    if name == INVITATIONS:
        kept = f"the name {name!r} belongs to the mails to new users"
        raise click.ClickException(f"{kept}; choose another name")
    made = database().write(
        lambda known: add_receiver(known, mine, name, kind, url, secrets, options)
    )
    if made is None:
        taken = f"the tenant has a receiver {name!r} already"
        raise click.ClickException(f"{taken}; choose another name, or remove it first")
    time.sleep(FRESH)  # from now on, servers tell it of changes
    return made


def found(tenant: str, name: str, kinds: Sequence[str], noun: str) -> Receiver:
    """Return the receiver of that name and of one of these kinds; commands call it a ``noun``.

    :raises click.ClickException: the tenant does not exist, or has no such receiver
    """
    mine = find(tenant)
    receiver = database().read(lambda known: find_receiver(known, mine, name))
    if receiver is None or receiver.kind not in kinds:
        raise click.ClickException(
            f"the tenant has no {noun} {name!r}; `python manage.py {noun} list` shows all"
        )
    return receiver


def changed(receiver: Receiver, noun: str, change: Callable[[Receiver], Receiver]) -> Receiver:
    """Store what ``change`` makes of a receiver, and return it, when all servers know it.

    :raises click.ClickException: it was removed meanwhile
    """
    made = database().write(lambda known: change_receiver(known, receiver, change))
    if made is None:
        raise click.ClickException(f"the {noun} {receiver.name!r} was removed meanwhile")
    time.sleep(FRESH)
    return made


def say_all(
    tenant: str, kinds: Sequence[str], noun: str, described: Callable[[Receiver], Iterable[str]]
) -> None:
    """Print a line for each receiver of these kinds, the oldest first."""
    mine = find(tenant)
    receivers = database().read(lambda known: list_receivers(known, mine, kinds))
    for each in receivers:
        say("  ".join(described(each)))
    if not receivers:
        say(f"No {noun} has been added.")


def remove(receiver: Receiver, message: str) -> None:
    """Remove a receiver, and say how many messages go with it; ``message`` is one of them."""
    left = database().write(lambda known: remove_receiver(known, receiver))
    beside = f", with {counted(left, f'undelivered {message}')}" if left else ""
    say(f"Removed {receiver.name}{beside}.")
