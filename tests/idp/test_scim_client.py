"""The HTTP client: one connection, headers as given, more attempts after passing failures."""

import gzip
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from scim.idp.scim_client import ScimClient
from scim.idp.waiting import Waiting

from ..support.waiting import instead_of_sleep
from .scripted import scripted

DONE = (200, {}, {"id": "1"})
HEADERS = {"Authorization": "Bearer s3cret", "Accept": "application/scim+json"}


@pytest.fixture
def pauses(monkeypatch):
    """How long the client waited, without the waiting."""
    waited = []
    instead_of_sleep(monkeypatch, waited.append)
    return waited


def request(url, method="GET", path="/Users", body=None, headers=HEADERS):
    opened = ScimClient(url, headers)
    try:
        return opened.request(method, path, body), opened
    finally:
        opened.close()


def test_headers_are_sent_as_given_and_the_token_is_not_kept():
    with scripted(DONE) as server:
        exchange, opened = request(server.url, "POST", "/Users", {"userName": "ada"})

    assert HEADERS.items() <= server.headers[0].items()
    assert server.requests == ["POST /scim/v2/Users"]
    assert (exchange.status, exchange.received) == (200, {"id": "1"})
    assert "s3cret" not in repr(list(opened.exchanges))


def test_connection_is_kept():
    with scripted(DONE) as server:
        opened = ScimClient(server.url, HEADERS)
        for _ in range(3):
            opened.request("GET", "/Users")
        opened.close()

    assert len(server.requests) == 3
    assert len(server.clients) == 1


def test_connection_that_was_closed_meanwhile_is_opened_again(pauses):
    with scripted(DONE) as server:
        server.hangs_up = True
        opened = ScimClient(server.url, HEADERS)
        opened.request("GET", "/Users")
        assert server.hung_up.wait(10)
        opened.request("GET", "/Users")
        opened.close()

    assert [each.status for each in opened.exchanges] == [200, 200]
    assert pauses == []


@pytest.mark.parametrize("failure", [429, 500, 502, 503, 504, 0])
def test_passing_failure_is_retried(pauses, failure):
    with scripted((failure, {}, {}), (failure, {}, {}), DONE) as server:
        exchange, opened = request(server.url)

    assert exchange.status == 200
    assert len(server.requests) == 3
    assert [each.status for each in opened.exchanges] == [failure or None, failure or None, 200]
    assert pauses == [1, 2]


@pytest.mark.parametrize("failure", [400, 401, 403, 404, 409, 412, 501])
def test_lasting_failure_is_not_retried(pauses, failure):
    with scripted((failure, {}, {"detail": "no"}), DONE) as server:
        exchange, _ = request(server.url)

    assert (exchange.status, len(server.requests), pauses) == (failure, 1, [])
    assert exchange.detail == f"GET /Users: {failure}: no"


def test_retry_after_is_honoured(pauses):
    busy = [(429, {"Retry-After": text}, {}) for text in ("7", "0", "soon", "9" * 5000)]
    with scripted(*busy, DONE) as server:
        request(server.url)

    assert pauses == [7, 0, 4, 60]


def test_limited_request_waits_as_often_as_it_takes_and_says_so(pauses):
    told = []
    with scripted(*[(429, {"Retry-After": "2"}, {})] * 20, DONE) as server:
        opened = ScimClient(server.url, HEADERS)
        opened.waiting = Waiting(told.append)
        assert opened.request("GET", "/Users").status == 200
        opened.close()

    assert pauses == [2] * 20
    assert told == ["the server takes no more requests at the moment (429): waiting 2 s"]
    assert opened.waiting.seconds == 40


@pytest.mark.parametrize(
    "date", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"]
)
def test_retry_after_may_be_a_date(pauses, date):
    now = datetime.now(UTC)
    times = [now + timedelta(seconds=seconds) for seconds in (59, -59, 4000)]
    busy = [(503, {"Retry-After": time.strftime(date)}, {}) for time in times]
    with scripted(*busy, DONE) as server:
        request(server.url)

    assert 0 < pauses[0] < 60
    assert pauses[1:] == [0, 60]


@pytest.mark.parametrize("date", ["Wed, 99 Oct 2026 07:28:00 GMT", "-1", "1.5"])
def test_retry_after_that_is_nothing_of_this_is_not_looked_at(pauses, date):
    with scripted((503, {"Retry-After": date}, {}), DONE) as server:
        request(server.url)

    assert pauses == [1]


def test_failure_that_does_not_pass_is_told_at_last(pauses):
    with scripted((503, {}, {"detail": "busy"})) as server:
        exchange, _ = request(server.url)

    assert exchange.status == 503
    assert len(server.requests) == 5
    assert pauses == [1, 2, 4, 8]


def test_server_that_is_not_there_is_no_answer(pauses):
    exchange, opened = request("http://127.0.0.1:1")

    assert exchange.status is None
    assert "no answer" in exchange.detail
    assert len(opened.exchanges) == 5


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_packed_answer_is_unpacked(encoding, pack):
    with scripted((200, {"Content-Encoding": encoding}, pack(b'{"id": "1"}'))) as server:
        exchange, _ = request(server.url)

    assert exchange.received == {"id": "1"}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"\xff", pytest.param(b'{"a":' * 100_000, id="deep")]
)
def test_answer_that_is_no_object_is_an_empty_one(body):
    with scripted((200, {}, body)) as server:
        exchange, _ = request(server.url)

    assert (exchange.status, exchange.received) == (200, {})


def test_packed_answer_that_cannot_be_unpacked_is_no_answer(pauses):
    with scripted((200, {"Content-Encoding": "gzip"}, b"{}")) as server:
        exchange, _ = request(server.url)

    assert exchange.status is None


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with scripted(DONE) as server:
        exchange, _ = request(server.url)

    assert exchange.status == 200


def test_cookies_are_not_kept():
    with scripted((200, {"Set-Cookie": "a=b; Path=/"}, {})) as server:
        opened = ScimClient(server.url, HEADERS)
        for _ in range(2):
            opened.request("GET", "/Users")
        opened.close()

    assert not any("Cookie" in headers for headers in server.headers)


def test_redirection_is_not_followed():
    with scripted((307, {"Location": "/elsewhere"}, {})) as server:
        exchange, _ = request(server.url)

    assert (exchange.status, len(server.requests)) == (307, 1)


@pytest.mark.parametrize("suffix", ["", "/", "?query", "#fragment"])
def test_requests_go_below_the_path_of_the_url(suffix):
    with scripted(DONE) as server:
        host = server.url.replace("http://", "http://user:password@")
        request(host + suffix, path="/Users?filter=a%20b")

    assert server.requests == ["GET /scim/v2/Users?filter=a%20b"]
    assert server.headers[0]["Authorization"] == HEADERS["Authorization"]


def test_certificates_are_checked():
    http = ScimClient("https://localhost", HEADERS).http
    context = http._transport._pool._ssl_context

    assert context.check_hostname
    assert context.get_ca_certs()


@pytest.mark.parametrize("value", ["Bearer s3cret ", "Bearer s3  cret", 'Bearer "s3cret'])
def test_token_with_blanks_is_sent_and_not_shown(value):
    with scripted(DONE) as server:
        exchange, _ = request(server.url, headers={"Authorization": value})

    assert exchange.status == 200
    assert server.headers[0]["Authorization"] == value.strip()


def test_host_that_cannot_be_looked_up_is_no_answer(pauses):
    exchange, _ = request("http://a..b")

    assert exchange.status is None


@pytest.mark.parametrize("url", ["localhost:5000", "ftp://localhost", "http://", ""])
def test_url_without_http_is_refused(url):
    with pytest.raises(ValueError, match="is not a URL with http or https"):
        ScimClient(url, HEADERS)


@pytest.mark.parametrize("value", ["Bearer a\nb", "Bearer é", "Bearer \x7f"])
def test_header_that_cannot_be_is_refused_and_not_shown(value):
    with pytest.raises(ValueError, match=r"^the token has characters that no header can carry$"):
        ScimClient("http://localhost", {"Authorization": value})
