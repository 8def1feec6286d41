"""The server of both APIs: one request at a time, and errors as the provider writes them."""

import socket
from threading import Lock

import httpx2
import pytest

from scim.idp.serving import Api, ApiError, create_api_server, run_in_thread


class TeapotError(ApiError):
    status = 418

    def show(self):
        return {"error": "short and stout"}


@pytest.fixture
def api():
    api = Api("teapot", Lock(), lambda error: TeapotError())

    @api.post("/locked")
    def tell():
        return {"z": api.lock.locked(), "a": 1}

    @api.get("/broken")
    def break_down():
        raise RuntimeError

    return api


def test_request_holds_the_lock_and_slow_client_does_not(api):
    with (
        run_in_thread(create_api_server(api, 0)) as server,
        socket.create_connection(("127.0.0.1", server.port)) as slow,
    ):
        slow.sendall(b"POST /locked HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
        url = f"http://127.0.0.1:{server.port}/locked"
        answer = httpx2.post(url, content=b"{}", trust_env=False)

    assert answer.text == '{"z":true,"a":1}\n'
    assert not api.lock.locked()


@pytest.mark.parametrize("path", ["/nowhere", "/broken", "/locked"])
def test_error_has_the_shape_of_the_provider(api, path):
    answer = api.test_client().get(path)

    assert (answer.status_code, answer.json) == (418, {"error": "short and stout"})
    assert not api.lock.locked()


def test_port_that_is_taken_is_an_error(api, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = f"^cannot listen on port {port}: Address already in use; --port takes another$"
        with pytest.raises(OSError, match=said):
            create_api_server(api, port)

    assert capsys.readouterr() == ("", "")
