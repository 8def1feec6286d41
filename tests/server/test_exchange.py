"""Bodies come in whole and in time, and answers go out whole, however slow a client is."""

import time
from contextlib import suppress

import pytest

from scim.server.crew import THREADS
from scim.server.reception import MOST_CHUNKS

from ..support.waiting import wait_until
from .conftest import heard
from .toy import CHUNK, LARGEST, SECONDS

POST = "POST /echo HTTP/1.1"
CHUNKED = f"{POST}\nTransfer-Encoding: chunked"


def test_body_comes_whole(toy):
    with toy.client() as client:
        assert client.post("/echo", content=b"x" * LARGEST).content == b"x" * LARGEST
        assert client.post("/echo", content=iter([b"ab", b"c" * 70_000])).content[:3] == b"abc"


def test_silent_body_gets_408_and_its_connection_is_closed(toy):
    with toy.say(f"{POST}\nContent-Length: 10", b"x") as connection:
        said = heard(connection)

    assert said.startswith("HTTP/1.1 408 ")
    assert f'"the body did not arrive in {SECONDS} seconds; send it again [request ' in said


def test_body_that_trickles_in_gets_408(toy):
    with toy.say(CHUNKED) as connection:
        ends = time.monotonic() + 20 * SECONDS
        connection.settimeout(0.1)
        said = b""
        while not said and time.monotonic() < ends:
            connection.sendall(b"1\r\nx\r\n")
            try:
                said = connection.recv(1000)
            except TimeoutError:
                continue

    assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("GET /echo HTTP/1.1", 97, 200),  # beside Host, Authorization and Connection
        ("GET /echo HTTP/1.1", 98, 431),
        (f"GET /echo?{'a' * (65_534 - 6)} HTTP/1.1", 0, 200),
        (f"GET /echo?{'a' * (65_535 - 6)} HTTP/1.1", 0, 414),
    ],
    ids=["100 headers", "101 headers", "longest URL", "too long URL"],
)
def test_head_of_a_request_has_limits(toy, request_line, headers, status):
    lines = [request_line, "Connection: close", *(f"X-{each}: a" for each in range(headers))]

    with toy.say("\n".join(lines)) as connection:
        assert heard(connection).startswith(f"HTTP/1.1 {status} ")


def test_silent_bodies_hold_no_thread(toy):
    silent = [toy.say(f"{POST}\nContent-Length: 10", b"x") for _ in range(40)]

    with toy.client() as client:
        assert client.post("/echo", content=b"heard").content == b"heard"
    assert [heard(connection)[:12] for connection in silent] == ["HTTP/1.1 408"] * 40


def test_body_that_is_too_large_is_not_received(toy):
    with toy.say(f"{POST}\nContent-Length: {LARGEST + 1}") as connection:
        said = heard(connection)

    assert said.startswith("HTTP/1.1 200 ")  # the toy saw an empty body
    assert "\r\nconnection: close\r\n" in said


def test_client_of_a_body_that_is_too_large_is_told_though_its_request_is_kept(toy):
    with toy.say(f"POST /keep HTTP/1.1\nContent-Length: {100 * LARGEST}") as connection:
        connection.settimeout(5)
        with suppress(ConnectionError):  # until then, the server has to take it or hang up
            connection.sendall(100 * LARGEST * b"x")
        said = connection.recv(65536)

    assert b"kept" in said
    assert b"\r\nconnection: close\r\n" in said  # or its client would go on there


def test_body_without_a_known_token_is_not_received(toy):
    with toy.connect() as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\n")
        said = heard(connection)

    assert said.startswith("HTTP/1.1 200 ")
    assert "\r\nconnection: close\r\n" in said


def test_endless_body_is_cut_off(toy):
    half = b"%x\r\n%s\r\n" % (LARGEST // 2, b"x" * (LARGEST // 2))
    with toy.say(CHUNKED, 3 * half) as connection:
        said = heard(connection)

    assert said.startswith("HTTP/1.1 200 ")  # the toy does not look at the length
    assert "\r\nconnection: close\r\n" in said
    assert LARGEST < len(said) < 2 * LARGEST


def test_body_of_countless_chunks_is_refused(start):
    toy = start(1, TOY_SECONDS="60")
    with toy.say(CHUNKED, b"1\r\nx\r\n" * (MOST_CHUNKS + 5_000)) as connection:
        said = heard(connection)

    assert said.startswith("HTTP/1.1 413 ")
    assert f"the body has more than {MOST_CHUNKS} chunks; send larger ones" in said


@pytest.mark.parametrize(
    ("head", "sent"),
    [
        (CHUNKED, b"5\r\nhello\r\n"),
        (CHUNKED, b"5\r\nhe"),
        (f"{POST}\nContent-Length: 10", b"hello"),
    ],
)
def test_half_a_body_does_not_reach_the_application(start, head, sent):
    toy = start(1)

    toy.say(head, sent).close()

    wait_until(lambda: "POST /echo 400 " in toy.log)
    assert 'detail="the body did not arrive whole; send it again, without trailer' in toy.log
    assert "echoed" not in toy.log


def test_body_in_chunks_ends_with_an_empty_one(toy):
    with toy.say(f"{CHUNKED}\nConnection: close", b"5\r\nhello\r\n0\r\n\r\n") as connection:
        assert heard(connection).endswith("\r\n\r\nhello")


def test_answer_that_the_disk_does_not_hold_is_an_error(start):
    toy = start(1, TOY_LARGEST_FILE=str(12 * CHUNK))

    with toy.client() as client:
        for _ in range(3):
            answer = client.post("/chunks?count=12", content=b"x")
            assert answer.status_code == 500
            assert answer.json()["detail"].startswith("the server failed unexpectedly")
        assert client.get("/chunks?count=2").status_code == 200


@pytest.mark.parametrize("count", [0, 1, 2, 11])
def test_answer_of_several_chunks_comes_whole(toy, count):
    with toy.client() as client:
        answer = client.get(f"/chunks?count={count}")

    expected = b"".join(bytes([65 + number]) * CHUNK for number in range(count)) + b"the end"
    assert answer.content == expected
    assert answer.headers["Content-Length"] == str(len(expected))


def test_clients_that_read_nothing_hold_no_thread_and_lose_their_connection(toy):
    unread = [toy.say("GET /chunks?count=100 HTTP/1.1") for _ in range(20)]

    with toy.client() as client:
        assert client.get("/chunks?count=1").status_code == 200
    time.sleep(5 * SECONDS)
    assert all(len(heard(connection)) < 100 * CHUNK for connection in unread)


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/fail", 500, "the server failed unexpectedly; its log has the reason"),
        ("/chunks?count=2&fails=badly", 500, "the server failed unexpectedly; its log has the"),
        ("/chunks?count=2&fails=unavailable", 503, "the database went away"),
    ],
)
def test_failure_is_answered(toy, path, status, detail):
    with toy.client() as client:
        answer = client.get(path, headers={"X-Request-Id": "7f3c"})

    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
    assert answer.headers["X-Request-Id"] == "7f3c"


@pytest.mark.parametrize(
    ("head", "name", "value"),
    [
        ("X-One: a\nX-One: b", "HTTP_X_ONE", "'a,b'"),
        ("If-Match: \xff", "HTTP_IF_MATCH", "''"),
        ("X-Other: \xff", "HTTP_X_NONE", "None"),
        ("Content-Type: text/plain", "CONTENT_TYPE", "'text/plain'"),
        ("Content_Type: text/plain", "CONTENT_TYPE", "None"),
        ("X_One: a", "HTTP_X_ONE", "None"),
        ("X_One: a\nX-One: b\nX_One: c", "HTTP_X_ONE", "'b'"),
    ],
)
def test_headers_as_wsgi_has_them(toy, head, name, value):
    request = f"GET /header?name={name} HTTP/1.1\n{head}\nConnection: close"
    with toy.say(request) as connection:
        assert heard(connection).endswith(f"\r\n\r\n{value}")


def test_slow_request_leaves_the_thread_to_others(toy):
    with (
        toy.say("GET /sleep?seconds=3 HTTP/1.1\nConnection: close") as slow,
        toy.client() as client,
    ):
        started = time.monotonic()
        assert client.post("/echo", content=b"quick").content == b"quick"
        waited = time.monotonic() - started
        assert heard(slow).endswith("slept")

    assert waited < 2


def test_connections_of_unwanted_bodies_are_closed_at_once_by_a_busy_crew(start):
    toy = start(1, TOY_SECONDS="60")
    with toy.say("GET /sleep?seconds=2 HTTP/1.1"):
        refused = [toy.say(f"{CHUNKED}\nConnection: close") for _ in range(4)]
        for connection in refused:
            connection.settimeout(1)
            connection.sendall(b"%x\r\n%s\r\n" % (LARGEST + 1, b"x" * (LARGEST + 1)))

        assert [heard(connection)[:12] for connection in refused] == ["HTTP/1.1 200"] * 4


def test_probes_do_not_wait_for_a_busy_crew(start):
    toy = start(1)
    held = [toy.say("GET /hold HTTP/1.1\nConnection: close") for _ in range(THREADS + 4)]
    wait_until(lambda: toy.log.count("holding") == THREADS)

    with toy.client() as client:
        client.timeout = 3
        assert client.get("/healthz").text == "ok"
        assert client.get("/readyz").text == "ok"  # which lets the others go, too
    assert all(heard(connection).endswith("held") for connection in held)


def test_only_http_1_is_spoken(toy):
    with toy.connect() as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

        assert "200" not in heard(connection)
    with toy.say("GET /worker HTTP/1.1\nConnection: Upgrade, close\nUpgrade: h2c") as connection:
        assert heard(connection).startswith("HTTP/1.1 200 ")
