"""The receiver to try tokens with: what it accepts, refuses and says (RFC 8935 §2)."""

import json
from contextlib import contextmanager

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from scim.deliver.events.streams import TOKEN_TYPE
from scim.deliver.receiving.events import EventReader, Keys, ReceivingError, TokenError, pasted
from scim.deliver.receiving.polling import fetch
from scim.explain.sentences.events import sentences
from scim.protocol.events import PREFIX

from ...support.listener import listening
from ...support.receiving import running_inbox

KEY = ECKey.generate_key("P-256", auto_kid=True)
OTHER = ECKey.generate_key("P-256", auto_kid=True)
SUBJECT = {"format": "scim", "uri": "/Users/2819", "externalId": "ada"}
PATCH = {"op": "replace", "path": "title", "value": "Guide"}
CLAIMS = {
    "iss": "http://localhost:5000",
    "iat": 1458505044,
    "jti": "6164",
    "aud": "app",
    "txn": "b7b9",
    "sub_id": SUBJECT,
    "events": {
        f"{PREFIX}prov:patch:full": {"data": {"Operations": [PATCH]}, "version": 'W/"2"'},
        f"{PREFIX}prov:deactivate": {},
    },
}


def signed(claims=CLAIMS, key=KEY, **header):
    header = {"typ": "secevent+jwt", "alg": "ES256", "kid": KEY.kid} | header
    return jws.serialize_compact(header, json.dumps(claims), key)


@contextmanager
def inbox(monkeypatch, **options):
    """Receive in a thread; yield how to send a token, and the lines that are printed."""
    keys = Keys("http://keys.example")
    monkeypatch.setattr(keys, "_read", lambda: KeySet([KEY]))
    with running_inbox({TOKEN_TYPE: EventReader(keys, **options)}) as (url, lines):
        yield lambda token: push(url, token), lines


def push(url, token):
    headers = {"Content-Type": TOKEN_TYPE, "Accept": "application/json"}
    return httpx2.post(url, content=token, headers=headers, trust_env=False)


def test_tokens_are_accepted_and_explained(monkeypatch):
    with inbox(monkeypatch, issuer=CLAIMS["iss"], audience="app") as (send, lines):
        answer = send(signed())
        assert (answer.status_code, answer.content) == (202, b"")
        assert lines == [
            'The user /Users/2819 (externalId ada) was changed: replace title, version W/"2".',
            "  The user /Users/2819 (externalId ada) was deactivated.",
            "  jti 6164, txn b7b9, iss http://localhost:5000, aud app, made 2016-03-20T20:17:24Z",
        ]
        assert send(signed(CLAIMS | {"exp": 2**40})).status_code == 202
        assert "was accepted before" in lines[-1]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nothing", "invalid_request"),
        ("a.b.c", "invalid_request"),
        (signed(typ="JWT"), "invalid_request"),
        (signed(CLAIMS | {"jti": None}), "invalid_request"),
        (signed(CLAIMS | {"exp": CLAIMS["iat"] + 60}), "invalid_request"),
        (signed(CLAIMS | {"exp": "never"}), "invalid_request"),
        (signed(kid="unknown"), "invalid_key"),
        (signed(key=OTHER), "authentication_failed"),
        (signed(CLAIMS | {"iss": "https://example.com"}), "invalid_issuer"),
        (signed(CLAIMS | {"aud": ["x", "y"]}), "invalid_audience"),
    ],
)
def test_refusals_are_those_of_the_rfc(monkeypatch, token, code):
    with inbox(monkeypatch, issuer=CLAIMS["iss"], audience="app") as (send, lines):
        answer = send(token)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Language"] == "en"
    assert answer.json().keys() == {"err", "description"}
    assert answer.json()["err"] == code
    assert lines[0].startswith(f"Refused, {code}: ")


def test_token_is_not_refused_while_the_keys_cannot_be_read():
    with running_inbox({TOKEN_TYPE: EventReader(Keys("http://127.0.0.1:9/"))}) as (url, _):
        answer = push(url, signed())

    assert answer.status_code == 503
    assert "http://127.0.0.1:9/ shows no keys: " in answer.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {}, b'{"detail": "no such token"}'), "answered 401: no such token"),
        ((404, {}, b"<p>"), "answered 404: Not Found"),
        ((200, {}, b"<p>"), "answered 200: the body has no tokens"),
        ((200, {}, json.dumps({"sets": {"6164": signed()}}).encode()), "shows no keys: "),
    ],
)
def test_poll_ends_with_the_reason(answer, said):
    with listening() as app:
        app.answer = answer
        with pytest.raises(ReceivingError, match=said):
            fetch(EventReader(Keys("http://127.0.0.1:9/")), app.url, "t", print)
        assert len(app.got) == 1


@pytest.mark.parametrize(
    ("uri", "payload", "said"),
    [
        ("urn:ietf:params:SCIM:event:feed:add", {}, "is in this feed from now on."),
        (
            "urn:ietf:params:SCIM:event:prov:create:notice",
            {"attributes": ["id", "userName"]},
            "was created: id and userName (names only, ask for the values).",
        ),
        (
            f"{PREFIX}prov:put:full",
            {"data": {"schemas": [], "userName": "a"}},
            "was replaced: userName.",
        ),
        (
            f"{PREFIX}misc:asyncResp",
            {"method": "PUT", "status": "400", "response": {"detail": "no"}},
            "was the subject of an asynchronous request: PUT answered 400 no.",
        ),
        ("urn:ietf:params:scim:event:sig:authMethod", {}, ": an event that RFC 9967 does not have"),
        (f"{PREFIX}prov:patch:full", {"data": {"Operations": [1, {}]}}, "was changed: something"),
        (f"{PREFIX}prov:delete", 7, "was deleted."),
    ],
)
def test_events_of_drafts_and_of_others_are_explained(uri, payload, said):
    [line] = sentences({"sub_id": SUBJECT, "events": {uri: payload}})

    assert line.startswith("The user /Users/2819 (externalId ada)")
    assert said in line


def test_refused_request_names_its_endpoint():
    refused = {"method": "POST", "status": "409", "response": {"detail": "it is in use"}}
    told = {"sub_id": {"uri": "/Users"}, "events": {f"{PREFIX}misc:asyncresp": refused}}

    [line] = sentences(told)

    assert line.startswith("The endpoint /Users was the subject of an asynchronous request: POST ")


def test_pasted_token_is_explained_without_keys():
    assert pasted(signed(), False)[0].startswith("The user /Users/2819")
    assert pasted(json.dumps(CLAIMS), True)[-1] == "}"
    assert pasted(signed(CLAIMS | {"exp": CLAIMS["iat"] + 60}), False)[-1] == (
        "Receivers refuse it: the token expired at 2016-03-20T20:18:24Z."
    )
    assert pasted("{}", False)[0] == "It has no events, so it is no security event token."


def test_pasted_answer_to_a_poll_is_explained_token_by_token():
    told = pasted(
        json.dumps({"sets": {"a": signed(), "b": signed()}, "moreAvailable": False}), False
    )

    assert told == 2 * pasted(signed(), False)
    assert pasted('{"sets": {}}', False) == ["There are no tokens in it."]
    with pytest.raises(TokenError, match="no signed token"):
        pasted('{"sets": {"a": 7}}', False)
