"""Why a credential was rejected, with the checks in order; no credential is shown whole."""

import time
from base64 import b64encode

import pytest

from scim.explain.secrets.credentials import clean, masked, trace
from scim.protocol.tokens import new_token

OWN = "own-token-of-this-server-1234"
OTHER = "Zq8-token_of.a~tenant/5678"


def known(token):
    return token in (OWN, OTHER)


def basic(text):
    return f"Basic {b64encode(text.encode()).decode()}"


def checks(header):
    return {check.name: check for check in trace(header, OWN, known, 2)}


def failed(header):
    """Return the names of the checks that fail."""
    return [check.name for check in trace(header, OWN, known, 2) if not check.is_passed]


@pytest.mark.parametrize(
    ("header", "came"), [(None, "none"), ("", "an empty"), (" \t", "an empty")]
)
def test_header_is_there(header, came):
    [check] = trace(header, OWN, known, 2)

    assert (check.name, check.is_passed) == ("header", False)
    assert check.came.startswith(came)


def test_right_header_passes_each_check():
    assert failed(f"Bearer {OWN}") == failed(f"bearer   {OTHER}") == []
    assert [check.name for check in trace(f"Bearer {OWN}", OWN, known, 2)] == [
        "header",
        "scheme",
        "form",
        "token",
    ]


SCHEMES = [
    (OWN, "no scheme: the word Bearer is missing; with it, this token would be accepted"),
    ("some-other", "no scheme: the word Bearer is missing"),
    (f"SSWS {OWN}", "SSWS; with Bearer in its place, this token would be accepted"),
    (f"Token {OTHER}", "Token; with Bearer in its place, this token would be accepted"),
    (basic(f"okta:{OWN}"), "Basic: its password is a token, which has to follow Bearer instead"),
    (basic(f"{OWN}:"), "Basic: its user name is a token"),
    (basic("ada:x"), "Basic: a user name and a password, instead of a token"),
    ("Basic ???", "Basic"),
    (f"Bearer: {OWN}", "Bearer, but no space directly behind it"),
    (f"Bearer\t{OWN}", "Bearer, but no space directly behind it"),
]


@pytest.mark.parametrize(("header", "came"), SCHEMES)
def test_scheme(header, came):
    check = checks(header)["scheme"]

    assert not check.is_passed
    assert check.came.startswith(came)
    assert check.expected == "Bearer, a space and the token"


FORMS = [
    (f'"{OWN}"', "quotes in"),
    (f"'{OWN}'", "quotes in"),
    (f"<{OWN}>", "angle brackets in"),
    (f"“{OWN}”", "typographic quotes in"),
    (f'"{OWN}', "a quote or a bracket on one side in"),
    (f"Bearer {OWN}", "the word Bearer again in"),
    (f"bearer: Bearer {OWN}", "the word Bearer again in"),
    (f'"Bearer {OWN}"', "quotes and the word Bearer again in"),
    (f"{OWN}\u200b", "an invisible character (U+200B) in"),
    (f"\ufeff{OWN}", "an invisible character (U+FEFF) in"),
    (f"{OWN[:9]}\u00ad{OWN[9:]}", "an invisible character (U+00AD) in"),
    (f"{OWN[:9]} {OWN[9:]}", "a space inside in"),
    (f"{OWN[:9]}\n{OWN[9:]}", "a space inside in"),
    (f"{OWN}é", "a character that no token has (U+00E9) in"),
    (f"{OWN},Bearer {OTHER}", "a second Authorization header in"),
]


@pytest.mark.parametrize(("token", "came"), FORMS)
def test_what_is_around_a_token(token, came):
    found = checks(f"Bearer {token}")

    assert not found["form"].is_passed
    assert found["form"].came.startswith(came)
    assert found["form"].came.endswith(": without that it would be accepted")
    assert found["token"].is_passed


@pytest.mark.parametrize(
    ("token", "named"),
    [
        (f"{OWN} ", "a space at the end"),
        (f" {OWN}", "a space at the beginning"),
        (f"{OWN}\r\n", "a line end"),
    ],
)
def test_space_around_a_token(token, named):
    assert clean(token) == (OWN, [named])


UNLIKE = [
    (OWN.upper(), "it differs from SCIM_TOKEN in upper and lower case only"),
    (f"{OWN[:-1]}5", "it differs from SCIM_TOKEN in the last character only"),
    (OWN.replace("of", "oF").replace("this", "thiz"), ""),
    (OWN.replace("server", "serwer"), "it differs from SCIM_TOKEN in one character only"),
    (OWN[:-5], "it is SCIM_TOKEN, cut off after 24 of 29 characters"),
    (OWN[3:], "it is SCIM_TOKEN without its first 3 characters"),
    (f"{OWN}==", "it is SCIM_TOKEN with 2 characters behind it"),
    (f"x{OWN}", "it is SCIM_TOKEN with 1 characters before it"),
    (OWN.replace("-", "%2D"), "it is SCIM_TOKEN, but coded as in a URL"),
    ("ow", ""),
    ("{{token}}", "a placeholder"),
    ("$SCIM_TOKEN", "a placeholder"),
    ("YOUR-TOKEN", "a placeholder"),
    ("eyJhbGciOi.eyJzdWIiOi.c2ln", "a JSON Web Token"),
    ("https://localhost/scim/v2", "a URL"),
    ("something-else", "this server has no such token"),
]


@pytest.mark.parametrize(("token", "came"), UNLIKE)
def test_token_that_is_not_known(token, came):
    check = checks(f"Bearer {token}")["token"]

    assert not check.is_passed
    assert check.expected == "one of the 2 tokens of this server"
    assert check.came.partition(": ")[2].startswith(came or "this server has no such token")


def test_scheme_without_a_token():
    assert failed("Bearer") == failed("Bearer ") == ["token"]
    assert failed("Basic") == ["scheme", "token"]
    assert checks("Bearer")["token"].came == "nothing behind the scheme"


def test_number_of_tokens_is_said():
    check = trace("Bearer x", OWN, known, 1)[-1]

    assert check.expected == "the token of this server"


@pytest.mark.parametrize("header", [*(case[0] for case in SCHEMES), OWN, OTHER])
@pytest.mark.parametrize("own", [OWN, "123456789", "ab"])
def test_no_credential_is_shown_whole(header, own):
    shown = " ".join(f"{each.came} {each.expected}" for each in trace(header, own, known, 2))

    for secret in (OWN, OTHER, b64encode(f"okta:{OWN}".encode()).decode()):
        longest = max(n for n in range(len(secret)) if secret[:n] in shown)
        assert longest <= 4


@pytest.mark.parametrize("length", range(40))
def test_at_most_a_third_of_a_credential_is_shown(length):
    shown = masked("k" * length).count("k")

    assert shown <= min(length / 3, 8)


def test_long_one_shows_its_beginning_and_its_end():
    assert masked("1234-and-so-on-and-so-forth-6788") == "1234…6788"
    assert masked("123456789") == "12…9"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer " + "".join(map(chr, range(0x3000, 0x9000))),
        '"<' * 50_000,
        "bearer " * 50_000,
        "\0" * 9,
    ],
)
def test_any_header_is_looked_at_quickly(header):
    started = time.process_time()

    assert all(len(check.came) < 500 for check in trace(header, OWN, known, 2))
    assert time.process_time() - started < 0.5


def test_expired_token_is_told_with_its_day():
    at = {OTHER + "1": "2026-01-31T08:00:00.000000Z"}

    [*_, check] = trace(f"Bearer {OTHER}1", OWN, known, 2, lambda token: at.get(token, ""))

    assert check.came.endswith(": it expired on 2026-01-31 at 08:00 UTC")
    assert not check.is_passed


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 20), slice(None, None, -1)])
def test_damaged_token_is_told_from_an_unknown_one(cut):
    token = new_token()
    damaged = "scim_" + token[5:][cut]

    [*_, unknown] = trace(f"Bearer {token}", OWN, known, 2)
    [*_, broken] = trace(f"Bearer {damaged}", OWN, known, 2)

    assert unknown.came.endswith(": this server has no such token")
    assert broken.came.endswith("but it is cut off or misspelt")
    assert damaged not in broken.came
