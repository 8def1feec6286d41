"""A copied request is the same request, whoever reads it, and never has the token."""

import ast
import json
import shlex
from dataclasses import replace

import pytest

from scim.explain.exchange import Message
from scim.explain.requests import copying

from .traffic import exchange

BASE = "http://localhost:5000/scim/v2"
JSON = (("Content-Type", "application/scim+json"), ("Authorization", "Bearer ••••"))
NASTY = ["it's", '"; rm -rf /; "', "$(id) `id` $HOME", "\\n\\", "!x", "a\nb", "@file", "€ \u202e"]


def created(body, **others):
    found = exchange("POST", "/Users", body, 201, **others)
    return replace(found, request=replace(found.request, headers=JSON))


def arguments(text):
    """Return the words that a shell makes of a command, without comments."""
    return shlex.split(text, comments=True)


@pytest.mark.parametrize("name", NASTY)
def test_curl_has_the_body_to_the_letter(name):
    sent = created({"userName": name})

    words = arguments(copying.curl(sent, BASE))

    assert words[words.index("--data-raw") + 1] == sent.request.body
    assert "http://localhost:5000/scim/v2/Users" in words
    assert "Content-Type: application/scim+json" in words


@pytest.mark.parametrize("name", NASTY)
def test_httpie_has_the_body_to_the_letter(name):
    sent = created({"userName": name})

    words = arguments(copying.httpie(sent, BASE))

    assert words[words.index("--raw") + 1] == sent.request.body
    assert words[words.index("POST") + 1] == "http://localhost:5000/scim/v2/Users"


@pytest.mark.parametrize("name", NASTY)
def test_pytest_is_python_with_the_body_to_the_letter(name):
    sent = created({"userName": name, "n": [1, 2.5, True, None]})

    [call] = [
        each
        for each in ast.walk(ast.parse(copying.pytest(sent)))
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "httpx2.request"
    ]

    given = {each.arg: each.value for each in call.keywords}
    assert ast.literal_eval(given["json"]) == json.loads(sent.request.body)


@pytest.mark.parametrize("body", ["{not json", '{"a": 1, "a": 2}', '{"a": NaN'])
def test_pytest_sends_a_body_as_it_was_if_python_has_no_such_value(body):
    text = copying.pytest(created(body))

    assert f"content={body!r}.encode()" in text
    ast.parse(text)


@pytest.mark.parametrize("copied", [copying.curl, copying.httpie])
def test_token_is_that_of_the_environment(copied):
    text = copied(created({}), BASE)

    assert "Bearer $SCIM_TOKEN" in text
    assert "1234" not in text


def test_pytest_takes_url_and_token_from_the_environment():
    text = copying.pytest(created({}))

    assert "os.environ[\"SCIM_URL\"] + '/Users'" in text
    assert "SCIM_TOKEN" in text
    assert "status_code == 201" in text
    assert "def test_post_users()" in text


def test_method_and_query_are_kept():
    sent = exchange("GET", '/Users?filter=emails[type eq "work"]&count=1')

    words = arguments(copying.curl(sent, BASE))

    assert 'http://localhost:5000/scim/v2/Users?filter=emails[type eq "work"]&count=1' in words
    assert "--globoff" in words
    assert "--head" in copying.curl(replace(sent, method="HEAD"), BASE)


def test_path_outside_the_base_path_follows_the_host():
    sent = replace(exchange("GET", "/Users"), base="")

    assert "http://localhost:5000/Users" in arguments(copying.curl(sent, BASE))


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"userName": "jane"}, []),
        ({"password": "••••"}, ["password"]),
        ({"urn:x:User": {"pin": "••••"}, "emails": [{"value": "••••"}]},
         ["urn:x:User.pin", "emails.value"]),
        ("not json ••••", ["the body"]),
        ('"••••"', ["the body"]),
        ("[" * 100_000 + "••••", ["the body"]),
    ],
)  # fmt: skip
def test_masked_values_are_named(body, places):
    sent = created(body)

    assert copying.masked(sent) == places
    for text in (copying.curl(sent, BASE), copying.httpie(sent, BASE), copying.pytest(sent)):
        assert ("First put in what was masked" in text) == bool(places)


def test_masked_url_and_cut_body_are_named():
    sent = replace(
        exchange("POST", "/Users?token=••••"), request=Message(body='{"a', size=99, is_cut=True)
    )

    text = copying.curl(sent, BASE)

    assert "First put in what was masked: the URL and the body was cut" in text
    assert text.splitlines()[0].startswith("#")


def test_comment_is_one_line():
    sent = created({"a\nrm -rf /": "••••"})

    first, second = copying.curl(sent, BASE).splitlines()[:2]

    assert first.startswith("# First")
    assert second.startswith("curl ")
