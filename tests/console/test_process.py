"""The console is a process beside the workers: neither its end nor its port stops the server."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from scim.console.process import NICENESS, THREADS, open_port
from scim.settings import LAST_PORT

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.server import run
from ..support.waiting import children, happens, has_ended
from .conftest import opened


def console_of(server):
    """Return the id of the console's process once it serves: it has the most threads."""
    found = [
        each
        for each in children(server.process.pid)
        if len(list(Path(f"/proc/{each}/task").glob("*"))) > THREADS
    ]
    return found[0] if found else None


def test_server_goes_on_when_the_console_dies_and_it_comes_back(serve_console):
    with serve_console() as console:
        process = console_of(console.server)
        assert os.getpriority(os.PRIO_PROCESS, process) == NICENESS  # others go first

        os.kill(process, signal.SIGKILL)

        assert console.server.session.get("/Users").status_code == 200
        assert happens(lambda: "The console ended by signal 9" in console.server.log)
        assert happens(lambda: _status(console) == 200)


@EVERYDAY_ON_ONE_DATABASE
def test_console_ends_with_the_server(serve_console):
    with serve_console() as console:
        console.server.process.kill()

        assert happens(lambda: has_ended(console.server.process))


@EVERYDAY_ON_ONE_DATABASE
def test_console_that_cannot_start_leaves_the_server_alone(serve_console):
    with serve_console() as console:
        for _ in range(3):
            assert happens(lambda: console_of(console.server))
            process = console_of(console.server)
            os.kill(process, signal.SIGKILL)
            assert happens(lambda: console_of(console.server) != process)  # noqa: B023

        assert happens(lambda: "the server goes on" in console.server.log)
        assert console.server.session.get("/Users").status_code == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_port_for_all_addresses_takes_the_old_ones_too():
    with open_port("::", free_port()) as place:
        socket.create_connection(("127.0.0.1", place.getsockname()[1])).close()


@EVERYDAY_ON_ONE_DATABASE
def test_taken_port_leads_to_the_next_free_one(serve_console):
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        serve_console(SCIM_CONSOLE_PORT=str(port)) as console,
    ):
        assert console.url != f"http://localhost:{port}"
        assert f"another program has {port}" in console.server.log


@EVERYDAY_ON_ONE_DATABASE
def test_no_console_where_others_reach_the_server(serve):
    production = {"SCIM_CONSOLE": "auto", "SCIM_ENV": "production", "SCIM_TOKEN": "a-token"}
    for setting in ({"SCIM_CONSOLE": "off"}, production):
        server = serve(**setting)
        assert "Console" not in server.log
        assert len(children(server.process.pid)) == 2  # the worker and the caretaker


@EVERYDAY_ON_ONE_DATABASE
def test_log_of_json_has_no_key(serve):
    server = serve(SCIM_CONSOLE="on", SCIM_CONSOLE_PORT=str(free_port()), SCIM_LOG_FORMAT="json")

    assert server.session.get("/Users").status_code == 200
    assert "key=" not in server.log
    assert "http://localhost:" in server.log


@ON_ONE_DATABASE
def test_console_waits_for_the_file_of_the_recordings(serve, tmp_path):
    url, port = f"sqlite:///{tmp_path}/scim.db", free_port()
    run("manage.py", "db", "upgrade", DATABASE_URL=url)
    recordings = tmp_path / "scim.recordings.db"
    recordings.mkdir()
    place = {"SCIM_CONSOLE": "on", "SCIM_CONSOLE_PORT": str(port)}
    server = serve(SCIM_DATABASE_URL=url, **place)
    said = "The console waits: the file of the recorded exchanges cannot be used"
    assert happens(lambda: said in server.log)
    assert server.session.get("/Users").status_code == 200

    recordings.rmdir()

    with opened(server) as console:
        assert console.web.get("/").status_code == 200
    assert "Traceback" not in server.log


def _status(console):
    with suppress(httpx2.TransportError):
        return console.web.get("/static/icon.svg").status_code
    return 0


def test_last_port_can_be_the_console_s():
    with open_port("127.0.0.1", LAST_PORT) as place:
        assert place.getsockname()[1] == LAST_PORT
