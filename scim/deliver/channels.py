"""The kinds of receivers, each with its channel."""

from collections.abc import Mapping

from . import webhooks
from .channel import Channel

CHANNELS: Mapping[str, Channel] = {webhooks.KIND: webhooks.Webhooks()}
