"""The channel of webhooks: a signed POST for each thing that a change means."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from http.client import responses
from typing import Any

from scim.service import Service
from scim.storage import Change, Connection, Operation
from scim.storage.contents import Content
from scim.storage.keys import from_now, now
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver, change_receiver
from scim.storage.timeline import Timeline
from scim.storage.tokens import tenant_with_id

from ..channel import NotDelivered
from ..happenings import event_type, happenings
from ..outgoing import Answer, OutgoingError, post, wait_of
from .payloads import Told, payload
from .signatures import key_of, new_secret, signed

KIND = "webhook"


class Webhooks:
    """Tells receivers by webhook.

    Options: ``only``, a list of events; ``bodies``, true to send the resource before and after;
    ``gone``, the instant at which the receiver said that it wants nothing more.
    """

    fetches = False

    def wants(self, receiver: Receiver, change: Change) -> bool:
        """Tell whether one of the events that a change means is to be told."""
        if "gone" in receiver.options:
            return False
        only = receiver.options.get("only")
        return not only or any(event in only for event in _events(change))

    def keeps(self, receiver: Receiver) -> bool:
        """Return false: a body depends on the change alone."""
        return False

    def contents(
        self,
        service: Service,
        connection: Connection,
        receiver: Receiver,
        message: Message,
        change: Change | None,
    ) -> Sequence[Content]:
        """Return a body for each event that a change means."""
        made = change or _lost(message)
        timeline = Timeline(connection, message.tenant_id, message.resource_id)
        known = made.after or made.before or timeline.body_at(message.version)
        tenant = tenant_with_id(connection, message.tenant_id)
        told = Told(
            tenant.name if tenant else "",
            service.definitions.by_name.get(message.resource_type),
            made,
            message.txn,
            known,
            with_bodies=bool(receiver.options.get("bodies")),
            is_whole=change is not None,
        )
        only = receiver.options.get("only")
        return [
            Content(payload(told, happening))
            for happening in happenings(made)
            if not only or not change or event_type(message.resource_type, happening) in only
        ]

    def send(self, service: Service, receiver: Receiver, message: Message) -> None:
        """Post a message.

        :raises NotDelivered: the receiver did not accept it
        """
        if "gone" in receiver.options:
            resume = shlex.join(["webhook", "resume", receiver.name])
            reason = f"it answered 410 Gone before; `python manage.py {resume}` goes on"
            raise NotDelivered(reason, for_good=True)
        try:
            answer = send(service, receiver, message.id, message.content or "")
        except OutgoingError as error:
            raise NotDelivered(str(error)) from None
        if answer.status == HTTPStatus.GONE:
            receiver.options["gone"] = now()  # nor is the rest of the batch sent
            service.database.write(lambda known: change_receiver(known, receiver, _stopped))
        if problem := problem_of(answer):
            raise NotDelivered(problem, answer.status == HTTPStatus.GONE, wait_of(answer))


def send(service: Service, receiver: Receiver, message_id: str, content: str) -> Answer:
    """Post a body, signed with each secret of a receiver that is valid.

    :raises OutgoingError: it cannot be called, or does not answer
    """
    body = content.encode()
    headers = signed(map(key_of, valid(receiver.secrets)), message_id, body)
    content_type = {"Content-Type": "application/json"}
    return post(service.settings, receiver.url, content_type | dict(headers), body)


def problem_of(answer: Answer, took: str = "") -> str | None:
    """Return what is wrong with an answer, and how long it took; None if it accepts the message."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    is_redirect = answer.status < HTTPStatus.BAD_REQUEST
    hint = "; redirects are not followed, so add a webhook with the new URL" if is_redirect else ""
    return f"it answered {status_of(answer)}{took}{hint}"


def status_of(answer: Answer) -> str:
    """Return the status of an answer, with its name if it has one: ``404 Not Found``."""
    return f"{answer.status} {responses.get(answer.status, '')}".rstrip()


def _stopped(receiver: Receiver) -> Receiver:
    """Return a receiver as one that wants nothing more."""
    return replace(receiver, options=receiver.options | {"gone": now()})


def new_secrets(
    earlier: Mapping[str, Any] | None = None, overlap: timedelta | None = None
) -> dict[str, Any]:
    """Return the secrets of a receiver with a new one; those before it stay valid for a while.

    Without an ``overlap``, the new one is the only one.
    """
    if not earlier or not overlap:
        return {"current": new_secret(), "earlier": []}
    until = from_now(seconds=overlap.total_seconds())
    kept = [each for each in earlier.get("earlier", []) if each["until"] > now()]
    replaced = {"secret": earlier["current"], "until": until}
    return {"current": new_secret(), "earlier": [*kept, replaced]}


def valid(secrets: Mapping[str, Any]) -> list[str]:
    """Return the secrets that are valid now, the newest first."""
    at = now()
    earlier = [each["secret"] for each in secrets.get("earlier", []) if each["until"] > at]
    return [secrets["current"], *reversed(earlier)]


def _events(change: Change) -> list[str]:
    return [event_type(change.resource_type, each) for each in happenings(change)]


def _lost(message: Message) -> Change:
    """Return what a message itself knows of a change that history has no more."""
    return Change(
        message.resource_type,
        message.resource_id,
        message.version,
        Operation(message.operation),
        cause=None,
        before=None,
        after=None,
        members={},
        unseen=False,
        at=message.at,
        token="",
    )
