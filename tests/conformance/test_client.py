"""The HTTP client of the checks."""

import json
import socket
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import pytest

from scim.conformance.client import Client, Exchange, NoAnswerError

from ..idp.scripted import scripted
from ..support.waiting import instead_of_sleep


class Echo(BaseHTTPRequestHandler):
    """Answers with the request, and counts connections."""

    protocol_version = "HTTP/1.1"
    timeout = 5
    connections = 0
    closing = False
    largest = 1_000_000

    def setup(self):
        type(self).connections += 1
        super().setup()

    def answer(self):
        if int(self.headers.get("Content-Length") or 0) > self.largest:
            self.wfile.write(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
            self.close_connection = True
            return
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = {"method": self.command, "target": self.path, "text": text}
        body = json.dumps(asked | {"headers": dict(self.headers)}).encode()
        self.send_response_only(200)
        self.send_header("X-Twice", "1")
        self.send_header("X-Twice", "2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.closing  # without a word of it

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    handler = type("OwnEcho", (Echo,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def base(echo):
    return f"http://127.0.0.1:{echo.server_port}/scim"


@pytest.fixture
def client(base):
    with closing(Client(base, "secret")) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/Users", None, "/scim/Users"),
        ("/Users", {"count": 1, "startIndex": 2}, "/scim/Users?count=1&startIndex=2"),
        ('/Users?filter=a eq "ü+"', None, "/scim/Users?filter=a%20eq%20%22%C3%BC+%22"),
        ("/Users", {"filter": 'a eq "+&"'}, "/scim/Users?filter=a%20eq%20%22%2B%26%22"),
        ("/Users?a=1", {"b": 2}, "/scim/Users?a=1&b=2"),
        ('/Users?filter=a eq "http://a"', None, "/scim/Users?filter=a%20eq%20%22http://a%22"),
        ("/Users/a%2Fb", None, "/scim/Users/a%2Fb"),
    ],
)
def test_path_and_query_become_a_target(client, path, query, target):
    assert client.get(path, query=query).json["target"] == target


def test_query_of_the_base_url_is_sent_with_everything(base):
    with closing(Client(f"{base}/?aadOptscim062020", None)) as client:
        assert client.get("/Users").json["target"] == "/scim/Users?aadOptscim062020"
        assert client.get("/Users?a=1").json["target"] == "/scim/Users?a=1&aadOptscim062020"


def test_password_in_the_url_is_not_kept():
    assert (
        Client("https://me:secret@example.com/scim/", None).base_url == "https://example.com/scim"
    )


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_method_is_sent(client, method):
    assert getattr(client, method)("/Users").json["method"] == method.upper()


@pytest.mark.parametrize(
    ("body", "text"), [(None, ""), ({"a": 1}, '{"a": 1}'), ("{", "{"), ([], "[]")]
)
def test_body_is_sent_as_json_and_text_as_it_is(client, body, text):
    said = client.post("/Users", body)

    assert said.json["text"] == text
    assert said.json["headers"].get("Content-Type") == ("application/scim+json" if text else None)


def test_headers_can_be_changed_and_left_out(client):
    headers = client.get("/", headers={"Accept": None, "If-Match": "1"}).json["headers"]

    assert headers["Authorization"] == "Bearer secret"
    assert headers["If-Match"] == "1"
    assert "Accept" not in headers


@pytest.mark.parametrize(("token", "sent"), [(None, None), ("other", "Bearer other")])
def test_token_can_be_another_or_none(client, token, sent):
    assert client.get("/", token=token).json["headers"].get("Authorization") == sent


def test_exchange_has_both_sides(client, base):
    said = client.post("/Users", {"a": 1}, headers={"X-A": "b"})

    assert (said.method, said.url, said.status) == ("POST", f"{base}/Users", 200)
    assert (said.request_headers["X-A"], said.request_body) == ("b", '{"a": 1}')
    assert said.headers["x-twice"] == "1, 2"
    assert said.milliseconds > 0
    assert client.exchanges == [said]


def test_connection_is_kept(client, echo):
    for _ in range(3):
        client.get("/Users")

    assert echo.RequestHandlerClass.connections == 1


def test_connection_that_was_closed_is_opened_again(client, echo):
    echo.RequestHandlerClass.closing = True
    for _ in range(3):
        assert client.post("/Users", {"a": 1}).status == 200

    assert echo.RequestHandlerClass.connections == 3


def test_answer_before_the_end_of_the_request_is_heard(client):
    assert client.post("/Users", "x" * 20_000_000).status == 413
    assert client.post("/Users", "x").json["text"] == "x"


def test_client_goes_on_after_an_interruption(client, monkeypatch):
    client.get("/Users")

    def interrupt(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(HTTPConnection, "getresponse", interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.get("/Users")

    assert client.get("/Users").status == 200


def test_nesting_without_end_is_no_json():
    deep = Exchange("GET", "", {}, None, 200, {}, "[" * 100_000, 1)

    with pytest.raises(ValueError, match="not JSON"):
        _ = deep.json


def test_absolute_url_of_the_server_is_taken(client, base):
    assert client.get(f"{base}/Users/1").json["target"] == "/scim/Users/1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/scim/Users", "https://example.com/Users"])
def test_token_does_not_go_to_another_server(client, url):
    with pytest.raises(ValueError, match="not on the server that is checked"):
        client.get(url)


@pytest.mark.parametrize("url", ["localhost:5000", "ftp://example.com", "http://", ""])
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(ValueError, match="is not the URL of a server"):
        Client(url, None)


def test_server_that_is_not_there_gives_no_answer(echo, client):
    client.get("/")
    client.close()
    echo.socket.close()

    with pytest.raises(NoAnswerError, match="no answer to GET"):
        client.get("/")


@pytest.fixture
def raw():
    """Serve bytes for ever: ``raw(first, again, pause)`` returns a base URL."""
    ended = Event()
    with ExitStack() as opened:

        def serve(first, again, pause=0.0):
            listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer():
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(first)
                    while again and not ended.wait(pause):
                        connection.sendall(again)

            thread = Thread(target=answer, daemon=True)
            thread.start()
            opened.callback(thread.join)
            opened.callback(ended.set)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield serve


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "first",
    [HEAD, HEAD + b"Content-Length: 1000\r\n\r\n", HEAD + b"\r\n"],
    ids=["headers", "body", "body of any length"],
)
def test_answer_that_comes_byte_by_byte_is_given_up(raw, first):
    """Each byte would begin the timeout of the socket anew."""
    with closing(Client(raw(first, b"x", pause=0.05), None, timeout=0.3)) as client:
        with pytest.raises(NoAnswerError, match=r"came within 0\.3 seconds"):
            client.get("/")
        assert client.silent == 1


def test_answer_without_end_is_given_up(raw, monkeypatch):
    monkeypatch.setattr("scim.conformance.client.MOST_BYTES", 10_000)

    with (
        closing(Client(raw(HEAD + b"\r\n", b"x" * 5000), None)) as client,
        pytest.raises(NoAnswerError, match="it has more than 10,000 bytes"),
    ):
        client.get("/")


def test_answer_that_is_cut_off_is_none(raw):
    first = HEAD + b"Content-Length: 1000\r\n\r\n{}"

    with (
        closing(Client(raw(first, b""), None)) as client,
        pytest.raises(NoAnswerError, match="IncompleteRead"),
    ):
        client.get("/")


def test_limited_request_is_sent_again_when_the_server_allows_it(monkeypatch):
    waited, told = [], []
    instead_of_sleep(monkeypatch, waited.append)
    limited = [(429, {"Retry-After": text}, {}) for text in ("3", "soon", "9" * 5000)]
    done = (200, {}, {"id": "1"})
    with scripted(*limited, done) as server, closing(Client(server.url, "token")) as client:
        client.on_wait = told.append
        answer = client.post("/Users", {"userName": "ada"})

    assert (answer.status, len(client.exchanges), len(server.requests)) == (200, 1, 4)
    assert waited == told == [3, 1, 60]


def test_server_that_limits_for_ever_is_given_up(monkeypatch):
    instead_of_sleep(monkeypatch, lambda _: None)
    limited = (429, {"Retry-After": "3600"}, {})
    with scripted(limited) as server, closing(Client(server.url, "token")) as client:
        assert client.get("/Users").status == 429

    assert len(server.requests) == 3
