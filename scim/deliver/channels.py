"""The kinds of receivers, each with its channel."""

from collections.abc import Mapping

from .channel import Channel

CHANNELS: Mapping[str, Channel] = {}  # by the kind of the receiver
