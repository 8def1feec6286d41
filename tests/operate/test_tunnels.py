"""Tunnels: ngrok's agent is asked, others show in the headers of requests."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scim.explain.exchange import Message
from scim.operate import tunnels
from scim.operate.tunnels import Tunnel, Use, announcement, ask_ngrok, passed, uses
from scim.settings import Settings

from ..explain.traffic import exchange

SETTINGS = Settings(port=5000)
OLD, NEW = (Tunnel("ngrok", f"https://{name}.ngrok-free.app") for name in ("old", "new"))


def listed(addr="http://localhost:5000", url=NEW.origin, **others):
    return {"name": "command_line", "public_url": url, "config": {"addr": addr}} | others


@contextmanager
def agent(answer, status=200, **headers):
    """Run an agent of ngrok that knows these tunnels; yield its URL and the paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def ask(answer, settings=SETTINGS, **others):
    with agent(answer, **others) as (url, _):
        return ask_ngrok(url, settings)


@pytest.mark.parametrize(
    "addr",
    [
        "http://localhost:5000",
        "localhost:5000",
        "5000",
        "http://127.0.0.1:5000",
        "http://[::1]:5000",
        "http://host.docker.internal:5000",
    ],
)
def test_tunnel_to_our_port_is_found(addr):
    assert ask({"tunnels": [listed("http://localhost:80"), listed(addr)]}) == NEW


@pytest.mark.parametrize(
    "addr", ["http://localhost:5050", "80", "http://192.168.1.9:5000", "file:///tmp", ""]
)
def test_tunnel_to_something_else_is_passed_over(addr):
    assert ask({"tunnels": [listed(addr)]}) is None


def test_https_is_taken_before_http():
    plain = listed(url="http://new.ngrok-free.app")

    assert ask({"tunnels": [plain, listed()]}) == NEW


def test_domain_of_ones_own_is_fine():
    own = ask({"tunnels": [listed(url="https://scim.example.com")]})

    assert own == Tunnel("ngrok", "https://scim.example.com")


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>another program</html>",
        b"\xff",
        b"[" * 100_000,
        b" " * 2_000_000,
        {},
        {"tunnels": None},
        {"tunnels": [{}]},
        {"tunnels": [listed(None)]},
        {"tunnels": [listed(url=7)]},
        {"tunnels": [listed(url="https://x.example/\x1b[2J")]},
        {"tunnels": [listed("http://[")]},
        [],
    ],
    ids=range(12),
)
def test_nonsense_is_no_tunnel(answer):
    assert ask(answer) is None


def test_agent_that_leads_elsewhere_is_not_followed():
    with agent({"tunnels": [listed()]}) as (elsewhere, asked):
        assert ask(b"", status=302, Location=elsewhere) is None
        assert not asked


def test_no_agent_is_no_tunnel():
    assert ask_ngrok("http://127.0.0.1:9", SETTINGS) is None


def test_only_loopback_is_asked():
    assert tunnels.AGENT == "http://127.0.0.1:4040"


def came(host, name="Host", **others):
    request = Message(((name, host),))
    return exchange("GET", "/Users", None, 200, {}, request=request, **others)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("calm-sea-12.trycloudflare.com", "cloudflared"),
        ("laptop.tail1234.ts.net", "Tailscale Funnel"),
        ("abc-5000.euw.devtunnels.ms", "VS Code"),
        ("fluffy-5000.app.github.dev", "Codespaces"),
        ("Calm.LOCA.LT", "localtunnel"),
        ("abcd.ngrok-free.app", "ngrok"),
    ],
)
@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_host_of_a_request_tells_the_tunnel(host, kind, header):
    assert passed(came(host, header)) == Tunnel(kind, f"https://{host.lower()}")


@pytest.mark.parametrize(
    "host",
    ["localhost:5000", "trycloudflare.com.evil.example", "eviltrycloudflare.com", "x/.loca.lt", ""],
)
def test_other_hosts_are_none(host):
    assert passed(came(host)) is None


def test_request_without_a_token_of_ours_tells_nothing():
    assert passed(came("evil.ngrok-free.app", tenant="")) is None


def test_last_use_of_each_provider():
    newest_first = [
        came("new.ngrok-free.app", at="3"),
        came("old.ngrok-free.app", provider="Entra ID", at="2"),
        came("old.ngrok-free.app", at="1"),
    ]

    assert uses(newest_first) == [
        Use("Okta", NEW.origin, "3"),
        Use("Entra ID", OLD.origin, "2"),
    ]


def test_new_address_is_announced():
    [line] = announcement(NEW, None, [], "/scim/v2")

    assert line == "Public: https://new.ngrok-free.app/scim/v2 - paste this into Okta"


def test_stale_fields_are_named():
    stale = [Use("Okta", OLD.origin, "1"), Use("Entra ID", OLD.origin, "1")]
    _, okta, entra = announcement(NEW, OLD, stale, "/scim/v2")

    assert "Okta: Base URL still has https://old.ngrok-free.app/scim/v2" in okta
    assert "Entra ID: Tenant URL" in entra


def test_changed_address_without_requests_names_the_fields():
    _, line = announcement(NEW, OLD, [], "/scim/v2")

    assert "https://old.ngrok-free.app/scim/v2" in line
    assert "Okta: Base URL" in line


def test_end_of_a_tunnel_is_told():
    [line] = announcement(None, OLD, [], "/scim/v2")

    assert "https://old.ngrok-free.app has ended" in line
