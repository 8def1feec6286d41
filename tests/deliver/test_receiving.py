"""The receiver to try deliveries with: what it accepts, and what it says of it."""

import json
import time
from contextlib import contextmanager

import httpx2
import pytest

from scim.deliver.receiving import arrived, listening
from scim.deliver.receiving.webhooks import CONTENT_TYPE, WebhookReader
from scim.deliver.webhooks.signatures import key_of, new_secret, signed
from scim.explain.sentences.deliveries import sentence

from ..support.receiving import running_inbox

KEY = key_of(new_secret())
EVA = {"resourceType": "User", "id": "01a2", "userName": "eva", "displayName": "Eva Holm"}
MESSAGE = {"type": "user.changed", "timestamp": "2026-11-29T09:00:00Z"}
CHANGED = MESSAGE | {"data": EVA | {"version": 2, "changed": ["title"], "notes": ["a note"]}}


@contextmanager
def inbox(*keys):
    """Receive in a thread; yield how to send a message, and the lines that are printed."""
    readers = {CONTENT_TYPE: WebhookReader(keys)}
    with (
        running_inbox(readers) as (url, lines),
        httpx2.Client(base_url=url, trust_env=False) as client,
    ):

        def send(told=CHANGED, key=KEY, method="POST", **headers):
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            made = {"Content-Type": "application/json"} | dict(signed([key], "m1", body))
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            lines.clear()
            return client.request(method, "", content=body, headers=made | named)

        yield send, lines


def test_messages_are_verified_and_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr(arrived, "MOST_REMEMBERED", 1)
    with inbox(key_of(new_secret()), KEY) as (send, lines):
        answer = send(**signed_as("m1", key_of(new_secret()), KEY))
        assert (answer.status_code, answer.text) == (204, "")
        assert lines == [
            "The user Eva Holm (eva) has changed: title.",
            "  user.changed, message m1, id 01a2, version 2, a note",
        ]
        assert send().status_code == 204
        assert "the id of a message that was accepted before" in lines[2]
        send(**signed_as("m2", KEY))
        send()
        assert len(lines) == 2


def signed_as(message_id, *keys):
    made = signed(keys, message_id, json.dumps(CHANGED).encode())
    named = {name.replace("-", "_"): value for name, value in made.items()}
    return named | {"webhook_signature": f"v1a,x {named['webhook_signature']}"}


def test_a_message_that_cannot_be_trusted_is_refused_with_the_reason():
    with inbox(KEY) as (send, lines):
        for headers, problem in [
            ({"key": key_of(new_secret())}, "either the secret is that of another webhook"),
            ({"webhook_id": "m2"}, "no signature in webhook-signature is one with this secret"),
            ({"webhook_timestamp": "1764400000"}, "s old, and 300 s are allowed: either somebody"),
            ({"webhook_timestamp": str(int(time.time()) + 1000)}, "s from the future, and 300 s"),
            ({"webhook_timestamp": "now"}, "webhook-timestamp is no number of seconds since 1970"),
            ({"webhook_id": ""}, "it has no header webhook-id, so nobody knows who sent it"),
        ]:
            answer = send(**headers)
            assert (answer.status_code, len(lines)) == (401, 1)
            assert lines[0] == f"Refused with 401: {answer.text.strip()}."
            assert problem in answer.text


def test_what_is_no_message_is_refused_with_the_reason(monkeypatch):
    with inbox(KEY) as (send, lines):
        assert send(b"{").status_code == 400
        assert lines == ["Refused with 400: the body is no JSON."]
        assert send(b"[" * 100_000).status_code == 400
        assert send({"type": 1, "data": {"resourceType": [], "notes": 1}}).status_code == 204
        assert send(Content_Type="text/xml").status_code == 415
        assert "is text/xml, and only application/json is understood" in lines[0]
        assert send(method="GET").text == "deliveries arrive here, each by POST\n"
        assert send([]).status_code == 204
        assert lines[0] == "A message of the type None, which is none of this server."
        monkeypatch.setattr(listening, "LARGEST", 2)
        assert send(b"{ }").text == "a Content-Length of at most 2 bytes is needed\n"
    with inbox() as (send, lines):
        assert send(b"[]", webhook_signature="").status_code == 204
        assert lines[-1].startswith("  Not verified, since there is no secret")


@pytest.mark.parametrize(
    ("event", "data", "said"),
    [
        ("user.created", {}, "The user Eva Holm (eva) was created."),
        ("user.created", {"operation": "restore"},
         "The user Eva Holm (eva) came back from the trash."),
        ("user.deactivated", {"displayName": "eva"}, "The user eva was deactivated."),
        ("user.changed", {"changed": ["title", "a\x1b[2J"], "unseenChanged": True},
         "The user Eva Holm (eva) has changed: title, a\\x1b[2J and a value that is never shown,"
         " such as the password."),
        ("user.changed", {"changed": [], "cause": {"reason": "deleted", "subject": "01b3"}},
         "The user Eva Holm (eva) has changed, because 01b3 was deleted."),
        ("group.members_changed", {"membersAdded": {"total": 1}, "membersRemoved": {"total": 1200},
         "resourceType": "Group", "displayName": "Guides", "userName": None},
         "The group Guides has other members: 1 member joined and 1,200 members left."),
        ("group.changed", {"displayName": "Guides", "changed": ["displayName"], "resourceType":
         "Group", "cause": {"reason": "version", "subject": "2"}},
         "The group Guides (eva) has changed: displayName, because an operator went back to"
         " version 2."),
        ("webhook.test", {}, "A message to try it, which tells of no change."),
        ("lamp.lit", {"resourceType": "Lamp", "displayName": None, "userName": None},
         "The lamp 01a2 has changed."),
    ],
)  # fmt: skip
def test_events_are_sentences(event, data, said):
    assert sentence({"type": event, "data": EVA | data}) == said
