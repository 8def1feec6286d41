"""Webhooks as they arrive: verified, and said in a sentence."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from scim.explain.sentences.deliveries import sentence

from ..webhooks.signatures import ID, SignatureError, verify
from .arrived import Arrived, Remembered, Verdict, refused

CONTENT_TYPE = "application/json"
UNVERIFIED = "Not verified, since there is no secret: give it with --secret."
REPEATED = (
    "It has the id of a message that was accepted before, so an application passes it over: a "
    "sender repeats what was not answered in time."
)


class WebhookReader:
    """Reads webhooks, verified with the secrets' keys; without any, nothing is verified.

    A ``verbose`` one shows the whole message, too.
    """

    def __init__(self, keys: Sequence[bytes], verbose: bool = False) -> None:
        self.keys, self.verbose = keys, verbose
        self.remembered = Remembered()

    def __call__(self, arrived: Arrived) -> Verdict:
        message_id = arrived.headers.get(ID, "")
        try:
            if self.keys:
                verify(self.keys, arrived.headers, arrived.body)
        except SignatureError as error:
            return refused(HTTPStatus.UNAUTHORIZED, str(error))
        try:
            told = json.loads(arrived.body)
            whole = json.dumps(told, indent=2, ensure_ascii=False).splitlines()
        except (ValueError, RecursionError):
            return refused(HTTPStatus.BAD_REQUEST, "the body is no JSON")
        notes = [] if self.keys else [UNVERIFIED]
        notes += [REPEATED] if self.remembered.add(message_id) else []
        notes += whole if self.verbose else []
        return Verdict([*_lines(told, message_id), *notes])


def _lines(told: Any, message_id: str) -> Sequence[str]:
    """Return what a message says, and below it what a program makes of it."""
    known: Mapping[str, Any] = told if isinstance(told, dict) else {}
    data = known.get("data")
    details = [f"{known.get('type')}, message {message_id or 'without an id'}"]
    if isinstance(data, dict):
        details += [f"{name} {data[name]}" for name in ("id", "version") if name in data]
        notes = data.get("notes")
        details += [str(note) for note in notes] if isinstance(notes, list) else []
    return [sentence(known), ", ".join(details)]
