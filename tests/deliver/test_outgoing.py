"""Requests to a URL of somebody else: where they lead, how long they take, what is read."""

import socket
import ssl
import subprocess
import time
from contextlib import suppress

import pytest

from scim.addresses import is_public
from scim.deliver import outgoing
from scim.deliver.outgoing import OutgoingError, check_place, post, shown
from scim.settings import Settings

from ..support.listener import listening

OPEN = Settings(webhook_allow_private=True)
PRIVATE = """
    127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 224.0.0.1
    255.255.255.255 240.0.0.1 203.0.113.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff0e::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
    2002:7f00:1::1 2001:0:a00:1::1 ::127.0.0.1 2001:db8::1 localhost
"""


def send(url, settings=OPEN):
    return post(settings, url, {"Content-Type": "application/json"}, b"{}")


@pytest.mark.parametrize(
    "address",
    PRIVATE.split(),
)
def test_addresses_of_networks_of_ones_own_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_lead_to_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1/", "127.0.0.1 is no public address"),
        ("http://2130706433/", "2130706433 leads to 127.0.0.1, which is no"),
        ("http://0x7f.1/", "leads to 127.0.0.1"),
        (
            "http://[::1]:80/",
            "::1 is no public address; the setting SCIM_WEBHOOK_ALLOW_PRIVATE=true",
        ),
        ("http://[::ffff:10.0.0.1]/", "is no public address"),
        ("http://localhost:1/", "localhost leads to"),
        ("https://amy:secret@example.com/", "must have no user name and no password"),
        ("ftp://example.com/", "must look like https://"),
        ("http:///hooks", "must look like https://"),
        ("http://example.com:port/", "cannot be used: Port could not be cast"),
        ("http://example.com:99999/", "cannot be used: Port out of range"),
        ("http://[::1/", "cannot be used: Invalid IPv6 URL"),
        ("http://[fe80::1%25lo]/", "must look like https://"),
        ("http://example.com\\@127.0.0.1/", "must be ASCII without spaces, backslashes"),
        ("http://example.com/\nHost: other", "must be ASCII without spaces"),
        ("http://exämple.com/", "must be ASCII"),
        ("http://example.com/#part", "and `#`"),
        (f"http://example.com/{'x' * 2000}", "must have 2000 characters or fewer"),
        ("http://nowhere.invalid/", "the name nowhere.invalid leads to no address"),
    ],
)
def test_urls_that_are_not_called_are_refused_with_the_reason(url, problem):
    for call in (check_place, lambda settings, url: send(url, settings)):
        with pytest.raises(OutgoingError) as refused:
            call(Settings(), url)
        assert problem in str(refused.value)
        assert "secret" not in str(refused.value)


def test_production_calls_https_only():
    with pytest.raises(OutgoingError, match="must begin with https://"):
        check_place(Settings(env="production"), "http://93.184.215.14/")
    check_place(Settings(env="production"), "https://93.184.215.14/")
    assert shown("https://example.com/hook?key=secret") == "https://example.com/hook?…"


def test_a_name_that_leads_elsewhere_later_is_checked_when_it_is_called(monkeypatch):
    """DNS rebinding: the address that is connected to is the one that was looked at."""
    answers = ["93.184.215.14", "127.0.0.1", "93.184.215.14"]

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    with listening() as listener:
        url = listener.url.replace("127.0.0.1", "app.example.com")
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        check_place(Settings(), url)
        with pytest.raises(OutgoingError, match=r"leads to 127\.0\.0\.1, which is no public"):
            send(url, Settings())
    assert answers == ["93.184.215.14"]
    assert listener.got == []


def test_an_address_of_a_family_that_this_machine_has_not_is_passed_over(monkeypatch):
    """A kernel without IPv6 refuses the socket itself, not only the connection."""

    def resolve(host, port, **_):
        known = [(77, ("::1", port, 0, 0)), (socket.AF_INET, ("127.0.0.1", port))]
        return [(family, socket.SOCK_STREAM, 6, "", address) for family, address in known]

    with listening() as listener:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert send(listener.url).status == 204


def test_redirects_and_proxies_are_not_followed(monkeypatch):
    with listening() as other, listening() as listener:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, other.url)
        listener.answer = 307, {"Location": other.url, "Retry-After": "7"}, b"over there"

        answer = send(f"{listener.url}?key=1")

    assert (answer.status, answer.headers["retry-after"], answer.text) == (307, "7", "over there")
    assert other.got == []
    assert listener.got[0].path == "/hooks?key=1"
    assert listener.got[0].headers["host"] == listener.url.split("/")[2]
    assert listener.got[0].body == b"{}"


def test_the_certificate_must_be_that_of_the_name(monkeypatch, tmp_path):
    files = tmp_path / "one.pem", tmp_path / "one.key"
    names = ["-subj", "/CN=app", "-addext", "subjectAltName=DNS:app.example.com"]
    made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", *names]
    subprocess.run([*made, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    asked = []
    context.sni_callback = lambda _, name, __: asked.append(name)

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(outgoing, "_tls", lambda: ssl.create_default_context(cafile=files[0]))
    with listening(context, "app.example.com") as listener:
        assert send(listener.url).status == 204
        with pytest.raises(OutgoingError, match="cannot be trusted: Hostname mismatch"):
            send(listener.url.replace("app.", "other."))
        monkeypatch.setattr(outgoing, "_tls", ssl.create_default_context)
        with pytest.raises(OutgoingError, match="cannot be trusted: self-signed"):
            send(listener.url)
    assert asked == ["app.example.com", "other.example.com", "app.example.com"]
    assert len(listener.got) == 1


def drip(first):
    """Send a byte now and then, for ever."""

    def write(connection):
        with suppress(OSError):
            connection.sendall(first)
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    return write


def pour(connection):
    """Send as much as anybody takes."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)


def test_answers_before_the_one_that_counts_have_an_end():
    with listening() as listener:
        listener.answer = lambda connection: connection.sendall(
            b"HTTP/1.1 100 Continue\r\n\r\n" * 4000 + b"HTTP/1.1 204 No Content\r\n\r\n"
        )
        with pytest.raises(OutgoingError, match="its answer is too long"):
            send(listener.url)


def test_an_answer_takes_no_more_time_and_space_than_it_may(monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.4)
    monkeypatch.setattr(outgoing, "BODY_SECONDS", 0.2)
    with listening() as listener:
        began = time.monotonic()
        for silent in (drip(b""), drip(b"HTTP/1.1 200 OK\r\nname: "), lambda _: time.sleep(1)):
            listener.answer = silent
            with pytest.raises(OutgoingError, match="did not answer in time"):
                send(listener.url)
        assert time.monotonic() - began < 3
        listener.answer = drip(b"HTTP/1.1 500 Server Error\r\n\r\nbroken ")
        answer = send(listener.url)
        assert (answer.status, answer.text[:9]) == (500, "broken xx")
        listener.answer = pour
        assert len(send(listener.url).text) == outgoing.MOST_READ
        listener.answer = lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        with pytest.raises(OutgoingError, match="its answer is not HTTP"):
            send(listener.url)
        quoted = b"HTTP/1.1 200 OK\r\n" + b"\x1b[2J" * 10_000 + b"\r\n\r\n"
        listener.answer = lambda connection: connection.sendall(quoted)
        with pytest.raises(OutgoingError, match=r"its answer is not HTTP: .{,201}$"):
            send(listener.url)
        assert time.monotonic() - began < 5
    with pytest.raises(OutgoingError, match="Connection refused"):
        send(listener.url)


def test_a_receiver_that_reads_nothing_holds_a_request_for_the_time_limit_only(monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as place:
        began = time.monotonic()
        with pytest.raises(OutgoingError, match="did not answer in time"):
            post(OPEN, f"http://127.0.0.1:{place.getsockname()[1]}/", {}, b"x" * 20_000_000)
    assert time.monotonic() - began < 2
