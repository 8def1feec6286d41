"""The kinds of receivers, each with its channel, and the receivers that every tenant has."""

from collections.abc import Callable, Mapping, Sequence

from scim.settings import Settings
from scim.storage.receivers import Receiver

from .channel import Channel
from .events import streams
from .mail import invitations
from .webhooks import webhooks

# By the kind of the receiver.
CHANNELS: Mapping[str, Channel] = {
    invitations.KIND: invitations.Invitations(),
    webhooks.KIND: webhooks.Webhooks(),
    streams.PUSH: streams.Stream(fetches=False),
    streams.POLL: streams.Stream(fetches=True),
}
OF_NOW = {invitations.KIND}  # kinds whose messages are made of what is there, not of a change


def implicit(settings: Settings) -> Sequence[Callable[[int], Receiver]]:
    """Return what makes the receivers that each tenant has without a row, from its id."""
    return [invitations.receiver] if invitations.are_sent(settings) else []
