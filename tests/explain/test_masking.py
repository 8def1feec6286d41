"""No secret is left in what is recorded, and nothing else is masked."""

import json
import time
from urllib.parse import quote

import pytest

from scim.explain.secrets.masking import LONGEST, TOO_LONG, UNREADABLE, Masker
from scim.explain.secrets.telling import MASK, is_telling

S = "S3CRET-value"
NEVER = frozenset({"password", "badgepin"})
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
HIDES = {
    "attribute": {"userName": "a", "password": S},
    "other case": {"PassWord": S},
    "schema's own": {"badgePin": S},
    "below a schema": {USER: {"password": S}},
    "with the schema": {f"{USER}:password": S},
    "complex": {"password": {"value": S, "parts": [S, {"x": S}]}},
    "several": {"password": [S, {"value": S}]},
    "key with a filter": {f'password[value eq "{S}"]': 1, f'x.password[a eq "{S}"].b': S},
    "patch": {"Operations": [{"op": "replace", "path": "password", "value": S}]},
    "patch in capitals": {"Operations": [{"OP": "Replace", "Path": "Password", "Value": S}]},
    "patch of a value": {"op": "add", "value": {"password": S, "title": "Guide"}},
    "patch with a schema": {"op": "add", "path": f"{USER}:password", "value": S},
    "patch below": {"op": "add", "path": "password.value", "value": S},
    "patch like XPath": {"op": "add", "path": "/password", "value": S},
    "patch with a filter": {"path": f'password[value eq "{S}"].x', "value": {"x": S}},
    "filter without quotes": {"path": f"password[value eq {S} and y]", "value": 1},
    "path that is none": {"path": f'password eq "{S}"', "value": 1},
    "path in quotes": {"path": '"password"', "value": S},
    "path in a list": {"path": ["password", S], "value": S},
    "invisible letter": {"path": "password\u200b", "value": S},
    "other member": {"op": "add", "path": "password", "values": [S], "old": S, "newValue": S},
    "text of JSON": {"op": "add", "value": json.dumps({"password": S})},
    "bulk": {"Operations": [{"method": "POST", "path": "/Users", "data": {"password": S}}]},
    "bulk with a patch": {
        "Operations": [{"data": {"Operations": [{"path": "password", "value": S}]}}]
    },
    "search": {"filter": f'userName eq "a" and password eq "{S}"'},
    "search without quotes": {"filter": f"password eq {S}"},
    "search with words": {"filter": f"password eq {S} of mine and {S}"},
    "search in brackets": {"filter": f"password[value eq {S}]"},
    "search that is none": {"filter": f'"password" eq "{S}"'},
    "search with a colon": {"filter": f"password:{S}"},
    "short name": {"pass": S, "Passwort": S},
    "unknown name": {"clientSecret": S, "api_key": S, "X-Api-Key": S, "accessToken": {"v": S}},
    "number": {"password": 73571234567},
    "pair": {"credentials": [], "extra": [{"name": "password", "value": S}]},
    "URL": {"photo": f"https://x.example/?a=b&access_token={S}#c"},
    "words": {"note": f"Authorization: Bearer {S}"},
    "JWT": {"note": f"eyJhbGciOiJIUzI1NiJ9.{S}.{S}"},
}
SECRETS = (S, "73571234567")


def is_there(text):
    return any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("sent", HIDES.values(), ids=HIDES)
def test_secret_in_a_body_is_masked(sent):
    for text in (json.dumps(sent), json.dumps([sent], indent=3), json.dumps({"x": {"y": sent}})):
        shown = Masker(NEVER).body(text.encode())
        assert not is_there(shown)
        assert MASK in shown
        json.loads(shown)


@pytest.mark.parametrize("sent", HIDES.values(), ids=HIDES)
def test_secret_is_masked_however_the_body_is_written(sent):
    text = json.dumps(sent)
    escaped = "".join(f"\\u{ord(c):04x}" if c.isalpha() and c not in S else c for c in text)
    written = [
        text[:-1],  # not whole
        f"{text} x",
        text.replace('"', "'"),
        f"\ufeff{text}",
        "[" * 5000 + text,
        json.dumps({"text": text}),
    ]
    bodies = [each.encode() for each in written] + [text.encode(c) for c in ("utf-16", "utf-32")]
    for body in (*bodies, escaped.replace("\\u", "\\u").encode()):
        shown = Masker(NEVER).body(body)
        assert not is_there(shown.replace("\0", ""))


@pytest.mark.parametrize(
    "body",
    [
        f'{{"password": "{S}", "password": null}}',
        f'{{"path": "title", "path": "password", "value": "{S}"}}',
        f'{{"p\\u0061ssword": "{S}"}}',
        f'{{"Operations": [{{"path": "password", "path": "title", "value": "{S}"}}]}}',
        f"grant_type=password&username=a&password={S}",
        f"user=a&client%5Fsecret={S}",
        f"pass%77ord={S}",
        f"<user><password>{S}</password></user>",
    ],
)
def test_secret_in_an_odd_body_is_masked(body):
    assert not is_there(Masker(NEVER).body(body.encode()))


def test_whole_body_is_hidden_where_the_place_of_a_secret_is_not_known():
    long = json.dumps({"password": S, "title": "x" * LONGEST}).encode()

    assert Masker(NEVER).body(long) == TOO_LONG
    assert Masker(NEVER).body(long[:1000], is_whole=False) == TOO_LONG
    assert Masker(NEVER).body(b'{"password": "x') == UNREADABLE
    assert Masker(NEVER).body(b"[" * 100_000 + b'"password"') == UNREADABLE


KEPT = [
    {"userName": "ada", "emails": [{"type": "work", "value": "a@b.example"}], "active": True},
    {"displayName": "Password Admins", "title": "Secretary", "note": "Basic training, a token"},
    {"changePassword": {"supported": False}, "passwordExpired": None, "type": "oauthbearertoken"},
    {"Operations": [{"op": "add", "path": "title", "value": "Guide"}]},
    {"id": "0189", "meta": {"location": "https://localhost/scim/v2/Users/1"}},
    {"filter": 'displayName eq "Password Admins" and emails[type eq "token"]'},
    {"attributes": ["password", "userName"], "sortBy": "password", "password": None},
    {"name": "password", "description": "x", "returned": "never"},
    "password",
    ["a", 1, None],
]


@pytest.mark.parametrize("sent", KEPT, ids=str)
def test_body_without_a_secret_stays_as_it_was_sent(sent):
    text = json.dumps(sent, indent=3)

    assert Masker(NEVER).body(text.encode()) == text
    assert Masker(NEVER).answer(text.encode(), is_error=False) == text


def test_url_in_a_long_body_has_no_password():
    body = json.dumps({"photo": f"https://ada:{S}@x.example/", "title": "x" * 2000}).encode()

    assert not is_there(Masker(NEVER).body(body) + Masker(NEVER).answer(body, is_error=False))


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"no JSON", b"a=b&c=d", b'{"a": 1, "a": 2}'])
def test_body_may_be_anything(body):
    assert Masker(NEVER).body(body) == body.decode(errors="replace")


def test_what_is_beside_a_secret_is_still_there():
    sent = {"userName": "Zoë", "password": S, "active": True}

    shown = Masker(NEVER).body(json.dumps(sent).encode())

    assert json.loads(shown) == sent | {"password": MASK}
    assert "Zoë" in shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("count=2&startIndex=1&", "count=2&startIndex=1&"),
        ("filter=userName%20eq%20%22a+b%22", "filter=userName%20eq%20%22a+b%22"),
        ("attributes=password&excludedAttributes=x", "attributes=password&excludedAttributes=x"),
        ("filter=displayName+eq+%22Tokens%22", "filter=displayName+eq+%22Tokens%22"),
        (f"access_token={S}&a=b", f"access_token={MASK}&a=b"),
        (f"Api%4Bey={S}", f"Api%4Bey={MASK}"),
        (f"password={quote(S)}", f"password={MASK}"),
        (
            f"filter=password%20eq%20%22{S}%22&count=1",
            f"filter=password%20eq%20%22{MASK}%22&count=1",
        ),
        (f'password eq "{S}"', f"password%20eq%20%22{MASK}%22"),
        (f'filter=password eq "a&{S}"', f"filter=password%20eq%20%22{MASK}%22&{MASK}"),
        (f"filter=password%2520eq%2520%2522{S}%2522", f"filter=password%20eq%20%22{MASK}%22"),
        (f"filter=a eq 1 and password eq {S}", f"filter=a%20eq%20%22{MASK}%22%20and%20"),
        (f"filter=password={quote(S)}", f"filter=password%20{MASK}"),
        (f"filter=password%253A{S}", f"filter=password%20{MASK}"),
        (f"url=https://u:{S}@x.example/", f"url=https://{MASK}%40x.example/"),
        ("access_token=", "access_token="),
    ],
)
def test_secret_in_a_query_is_masked(query, shown):
    masked = Masker(NEVER).query(query)

    assert masked.startswith(shown)
    assert not is_there(masked)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", f"Bearer {S}", f"Bearer {MASK}"),
        ("authorization", S, MASK),
        ("Authorization", f"{S} {S}", MASK),
        ("Proxy-Authorization", f"Basic {S}", f"Basic {MASK}"),
        ("Cookie", f"a={S}", MASK),
        ("Set-Cookie", f"a={S}; HttpOnly", MASK),
        ("X-Api-Key", S, MASK),
        ("X-Auth-Token", S, MASK),
        ("X-Forwarded-Authorization", f"Bearer {S}", MASK),
        ("Referer", f"https://x.example/?token={S}&a=b", f"https://x.example/?token={MASK}&a=b"),
        (
            "X-Debug",
            f"curl -H 'Authorization: Bearer {S}'",
            f"curl -H 'Authorization: Bearer {MASK}'",
        ),
        ("User-Agent", "Okta SCIM Client 1.0.0", "Okta SCIM Client 1.0.0"),
        ("X-Request-Id", "abc", "abc"),
        ("WWW-Authenticate", 'Bearer realm="SCIM", error="invalid_token"', 'Bearer realm="SCIM", '),
        ("SCIM-Tolerances", "bare_token", "bare_token"),
        ("ETag", 'W/"1"', 'W/"1"'),
    ],
)
def test_credential_in_a_header_is_masked(name, value, shown):
    [(kept, masked)] = Masker(NEVER).headers([(name, value)])

    assert kept == name
    assert masked.startswith(shown)
    assert not is_there(masked)


def test_credential_of_the_request_is_masked_wherever_it_is():
    masker = Masker(NEVER, [S, "abc"])

    assert (
        masker.body(f'{{"title": "{S}", "x": "abc"}}'.encode())
        == f'{{"title": "{MASK}", "x": "abc"}}'
    )
    assert masker.query(f"a={S}") == f"a={MASK}"
    assert masker.text(f"/scim/v2/{S}/Users") == f"/scim/v2/{MASK}/Users"
    assert masker.headers([("X-Any", f"a {S}")]) == (("X-Any", f"a {MASK}"),)


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"password": 'S3"CRET'}, 'password: not "S3\\"CRET"'),
        ({"password": "Zoë-S3CRET"}, "password: Zoë-S3CRET is too short"),
        ({"password": 73571234567}, "password: 73571234567 is no text"),
        ({"password": "ab"}, 'password: "ab" is too short'),
        ({"path": 'password[value eq "S3CRET"]'}, "path 'password[value eq \"S3CRET\"]': S3CRET"),
        ({"value": '{"password": "S3CRET"}'}, "S3CRET is no password"),
    ],
)
def test_error_does_not_repeat_the_secret_of_its_request(sent, detail):
    masker = Masker(NEVER)
    masker.body(json.dumps(sent).encode())
    secrets = ("S3CRET", 'S3"CRET', 'S3\\"CRET', "73571234567", '"ab"')

    answer = masker.answer(json.dumps({"detail": detail, "status": "400"}).encode(), is_error=True)

    for shown in (answer, masker.detail(detail)):
        assert not any(secret in shown for secret in secrets)
    assert json.loads(answer)["status"] == "400"
    bulk = {"Operations": [{"response": {"detail": detail}}]}
    assert not any(s in masker.answer(json.dumps(bulk).encode(), is_error=False) for s in secrets)


def test_error_without_a_secret_is_whole():
    detail = 'userName "ada" is in use'

    assert Masker(NEVER).detail(detail) == detail


def test_long_answer_is_kept_unless_it_has_the_key():
    members = [{"value": str(n), "display": "token team"} for n in range(40_000)]
    answer = json.dumps({"displayName": "Tokens", "members": members}).encode()

    assert len(answer) > LONGEST
    assert Masker(NEVER).answer(answer, is_error=False) == answer.decode()
    assert Masker(NEVER).answer(answer[:70_000], is_error=False, is_whole=False).startswith("{")
    secret = answer.replace(b'"39999"', b'"1", "apiToken": "x"')
    assert Masker(NEVER).answer(secret, is_error=False) == TOO_LONG


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        *(
            (name, True)
            for name in ("password", "Passwort-Passwd", "userPassword", "PWD", "secret")
        ),
        *((name, True) for name in ("clientSecret", "client_secret", "token", "access-token")),
        *((name, True) for name in ("id_token", "apiKey", "api-keys", "privateKey", "jwt", "pin")),
        *((name, True) for name in ("credentials", "Cookie", "X-Authorization", "secretAnswer")),
        *(
            (name, False)
            for name in ("secretary", "Secrétariat", "tokenType", "keyboard", "opinion")
        ),
        *((name, False) for name in ("userName", "externalId", "key", "design", "shopping", "")),
    ],
)
def test_names_that_tell(name, tells):
    assert is_telling(name) is tells


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "' + '\\"' * 400_000,
        '{"token": 1, "x": "' + '\\"' * 200_000 + '"}',
        json.dumps({"path": "password" + "[" * 300_000, "value": "]." * 100_000}),
        json.dumps({"filter": "password eq " + " " * 400_000}),
        json.dumps({"filter": "password eq " + "and or " * 60_000}),
        json.dumps({"note": "?token" * 100_000}),
        json.dumps({"note": "bearer " * 100_000}),
        json.dumps({"note": "eyJ-" * 100_000}),
        json.dumps({"note": "://a:b" * 100_000}),
        "{" + ",".join('"password": "aaaaaa"' for _ in range(30_000)) + "}",
        json.dumps([{"password": f"secret{n}"} for n in range(20_000)]),
    ],
    ids=range(11),
)
def test_time_grows_with_the_text_only(text):
    masker, started = Masker(NEVER), time.process_time()

    masker.body(text.encode())
    masker.answer(text.encode(), is_error=False)
    masker.answer(text[:-5].encode(), is_error=False, is_whole=False)

    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "detail",
    [
        f"position 1: 'password%20eq%20%22{S}%22' is none",
        f"path 'password={S}': x",
        f'"{S}" is none',
    ],
)
def test_error_quotes_nothing_where_the_request_has_a_secret(detail):
    masker = Masker(NEVER)
    masker.query("filter=password%20eq%20%22x%22")

    assert not is_there(masker.detail(f"the user's title: {detail}"))
    assert masker.detail(f"the user's title: {detail}").startswith("the user's title: ")
