"""The demo token opens the directory from this machine and through tunnels, not in production."""

import pytest

from scim.operate.demo_token import DemoToken, why_refused
from scim.protocol.errors import UnauthorizedError
from scim.routes.proxies import behind_proxies
from scim.settings import Settings

from .test_tunnels import agent, listed

NO_AGENT = "http://127.0.0.1:1"  # nobody listens there


def came(host, peer="127.0.0.1", **headers):
    """Return the environment of a request as ProxyFix leaves it, without its Host header."""
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REMOTE_ADDR": peer, **named}, host


def is_served(request, url=NO_AGENT, **settings):
    return DemoToken(Settings(**settings), url).serves(*request)


@pytest.mark.parametrize(
    "request_",
    [
        came("localhost:5000"),
        came("LOCALHOST"),
        came("127.0.0.1:5000"),
        came("127.9.9.9"),
        came("[::1]:5000", peer="::1"),
        came("scim.localhost:5000"),
        came("0.0.0.0:5000"),
        came("host.docker.internal:5000"),
        came("localhost", peer=""),  # by a socket file
        came(""),  # is refused for that
        came("localhost", x_forwarded_host="localhost:8080", x_forwarded_for="127.0.0.1"),
        came("abcd.ngrok-free.app", x_forwarded_for="203.0.113.9"),
        came("localhost:5000", x_forwarded_host="a.app.github.dev", x_forwarded_for="10.1.2.3"),
        came("LAPTOP.tail1.ts.net", x_forwarded_host="laptop.tail1.ts.net"),
        came("calm-sea.trycloudflare.com", via="1.1 x", forwarded="for=203.0.113.9"),
    ],
    ids=str,
)
def test_this_machine_and_tunnels_are_served(request_):
    assert is_served(request_)
    assert not is_served(request_, env="production")


@pytest.mark.parametrize(
    "request_",
    [
        came("scim.example.com"),  # a proxy that passes on nothing but the host
        came("scim.example.com:443", x_forwarded_for="203.0.113.9"),
        came("127.0.0.1:5000", x_forwarded_host="scim.example.com"),
        came("127.0.0.1:5000", x_forwarded_for="203.0.113.9"),  # nginx without the host
        came("127.0.0.1:5000", x_forwarded_for="127.0.0.1, 203.0.113.9"),
        came("127.0.0.1:5000", x_forwarded_for="unknown"),
        came("127.0.0.1:5000", x_forwarded_for=""),  # bytes that are no text
        came("127.0.0.1:5000", x_real_ip="203.0.113.9"),  # nginx as many write it
        came("127.0.0.1:5000", cf_connecting_ip="203.0.113.9"),
        came("127.0.0.1:5000", x_forwarded_host="scim.example.com, localhost"),
        came("127.0.0.1:5000", forwarded="for=203.0.113.9;host=scim.example.com"),
        came("localhost", via="1.1 Caddy"),
        came("scim_app:8080"),  # in the network of a container
        came("192.168.1.5:5000", peer="192.168.1.7"),
        came("localhost:5000", peer="192.168.1.7"),  # another WSGI server, a made-up host
        came("abcd.ngrok-free.app", peer="192.168.1.7"),
        came("ngrok-free.app.evil.example"),
        came("scim.example.com", x_forwarded_host="abcd.ngrok-free.app"),
        came("localhost, scim.example.com"),
        came("[::1"),
        came("localhost.evil.example"),
        came("10.0.0.1"),
    ],
    ids=str,
)
def test_everybody_else_is_refused(request_):
    assert not is_served(request_)


def test_address_before_the_proxy_counts():
    environ, host = came("abcd.ngrok-free.app", peer="203.0.113.9")
    environ["werkzeug.proxy_fix.orig"] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:5000"}
    environ["HTTP_X_FORWARDED_HOST"] = host

    assert is_served((environ, host))
    assert not is_served((environ, host), trusted_proxies="192.0.2.1")
    environ["HTTP_X_FORWARDED_HOST"] = "scim.example.com"
    assert not is_served((environ, "scim.example.com"))


@pytest.mark.parametrize("sent", ["scim.example.com, localhost", "scim.example.com:99999", ""])
def test_hosts_that_no_link_has_count_too(sent):
    environ, host = came("localhost", x_forwarded_host=sent)
    seen = []
    list(behind_proxies(lambda found, _: seen.append(found) or [], "127.0.0.0/8")(environ, None))

    assert not is_served((seen[0], host))


def test_agent_of_ngrok_knows_a_domain_of_ones_own():
    own, other = (came(f"{name}.example.com", x_forwarded_for="203.0.113.9") for name in "ab")

    with agent({"tunnels": [listed(url="https://a.example.com")]}) as (url, _):
        assert is_served(own, url)
        assert not is_served(own, url, port=5001)
        assert not is_served(other, url)


def test_log_says_what_to_do_about_the_first_of_each(caplog):
    token = DemoToken(Settings(), NO_AGENT)
    for _ in range(3):
        token.check(*came("abcd.ngrok-free.app"))
        with pytest.raises(UnauthorizedError):
            token.check(*came("evil\x1b.example"))

    told, refused = [each.getMessage() for each in caplog.records]
    assert told.startswith("A request came through the tunnel abcd.ngrok-free.app. EVERYBODY KNOWS")
    assert refused.startswith("The demo token was refused (evil\\x1b.example): ")
    assert all("set SCIM_TOKEN to a token of your own" in each for each in (told, refused))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, ""),
        ({"host": "localhost"}, ""),
        ({"host": "::1"}, ""),
        ({"host": "127.0.0.2"}, ""),
        ({"host": "0.0.0.0"}, "others can reach SCIM_HOST=0.0.0.0;"),
        ({"host": "::"}, "others can reach SCIM_HOST=::;"),
        ({"host": "192.0.2.1", "console": "on"}, "others can reach SCIM_HOST=192.0.2.1;"),
        ({"env": "production"}, "SCIM_ENV=production refuses the demo token;"),
        ({"host": "0.0.0.0", "token": "12345678"}, ""),  # is as weak, and somebody's own choice
        ({"host": "0.0.0.0", "env": "production", "token": "none"}, ""),
        ({"host": "0.0.0.0", "env": "production", "token": "None"}, ""),
    ],
)
def test_server_does_not_start_where_others_reach_it(settings, reason):
    said = why_refused(Settings(**settings))

    assert bool(said) == bool(reason)
    assert reason in said
    assert "\n" not in said
