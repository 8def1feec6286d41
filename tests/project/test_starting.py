"""``python app.py`` and the commands start from any folder, or say in a line why they do not."""

import ast
import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

import app

from ..support.databases import ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.server import ROOT

PROGRAMS = ["app.py", "manage.py"]
OLD = f"""import runpy, sys
sys.version_info = (3, 8)
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path(sys.argv[1], run_name="program")
"""


def said(*command, **settings):
    """Return what a command that fails says."""
    environment = os.environ | {f"SCIM_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, *command],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done
    return done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_missing_libraries_are_named_in_a_line(program):
    [line] = said("-S", str(ROOT / program)).splitlines()

    assert line.startswith("No module named 'flask")
    assert "`. .venv/bin/activate`" in line
    assert "`pip install -r requirements.txt`" in line


@pytest.mark.parametrize("program", PROGRAMS)
def test_python_that_is_too_old_is_told_so_in_a_line(program):
    ast.parse((ROOT / program).read_text(), feature_version=(3, 7))

    [line] = said("-c", OLD, str(ROOT / program)).splitlines()

    assert line.startswith("Python 3.11 or newer is needed")


@ON_ONE_DATABASE
def test_server_and_commands_start_from_any_folder(new_database):
    environment = os.environ | {"SCIM_DATABASE_URL": new_database(), "SCIM_WORKERS": "1"}
    for command in (["db", "upgrade"], ["tenant", "list"], ["db", "current"]):
        subprocess.run(
            [sys.executable, ROOT / "manage.py", *command],
            cwd="/",
            env=environment,
            check=True,
            capture_output=True,
        )
    port = free_port()
    with subprocess.Popen(
        [sys.executable, ROOT / "app.py"],
        cwd="/",
        env=environment | {"SCIM_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "\n"
        assert f"localhost:{port}" in process.stdout.readline()
        process.terminate()
        assert "Traceback" not in process.communicate()[1]


def test_taken_port_is_said_with_who_has_it(monkeypatch, tmp_path):
    listen = (
        "import socket, time; made = socket.create_server(('127.0.0.1', 0));"
        "print(made.getsockname()[1], flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", listen], stdout=subprocess.PIPE) as other:
        try:
            port = int(other.stdout.readline())
            line = refusal(monkeypatch, tmp_path, port)
        finally:
            other.kill()

    place = f"SCIM_HOST, SCIM_PORT: cannot listen on 127.0.0.1:{port}: "
    assert line.startswith(f"{place}process {other.pid} listens there ({sys.executable} -c ")
    assert line.endswith(f"or set SCIM_PORT to another port, for example {port + 1}")


@ON_ONE_DATABASE
@pytest.mark.parametrize("workers", ["1", "2"])
def test_port_of_this_server_is_said_with_the_command_to_end_it(
    serve, monkeypatch, tmp_path, workers
):
    server = serve(forked=False, SCIM_WORKERS=workers)

    line = refusal(monkeypatch, tmp_path, urlsplit(server.url).port)

    pid = server.process.pid
    assert f"this server runs already, as process {pid}; end it with `kill {pid}`, or " in line


def test_port_of_somebody_unknown_is_said_with_the_way_to_find_out(monkeypatch, tmp_path):
    monkeypatch.setattr("scim.server.taken.PROCESSES", tmp_path / "none")  # as on macOS
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"(`lsof -i :{port}` names it)" in refusal(monkeypatch, tmp_path, port)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.1", "Cannot assign requested address; 127.0.0.1 is this machine alone"),
        ("no.such.host.invalid", "; 127.0.0.1 is this machine alone, 0.0.0.0 all its addresses"),
    ],
)
def test_address_that_cannot_be_used_is_said_once(monkeypatch, tmp_path, host, reason):
    line = refusal(monkeypatch, tmp_path, free_port(), host)

    assert reason in line
    assert line.count(host) == 1


def refusal(monkeypatch, folder, port, host="127.0.0.1"):
    """Return the line with which the server does not start."""
    monkeypatch.setenv("SCIM_DATABASE_URL", f"sqlite:///{folder}/scim.db")
    monkeypatch.setenv("SCIM_PORT", str(port))
    monkeypatch.setenv("SCIM_HOST", host)
    monkeypatch.setenv("SCIM_TOKEN", "a-token-of-ones-own")
    with pytest.raises(SystemExit) as ended:
        app.main()
    [line] = ended.value.code.splitlines()
    return line


@pytest.mark.parametrize("module", ["flask", "sqlalchemy.orm", "granian._granian"])
def test_interrupt_during_the_start_prints_no_traceback(module):
    command = [sys.executable, "-X", "importtime", "app.py"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        next(line for line in process.stderr if line.split()[-1] == module)

        process.send_signal(signal.SIGINT)

        assert "Traceback" not in process.stderr.read()
    assert process.returncode == -signal.SIGINT
