"""A process that has imported all that commands need, and forks for each; ``run`` asks it.

``python -m tests.support.commands`` takes a command a line, as JSON: its arguments, its environment
and the files for its output. It answers with the exit status. A command starts so within 10 ms of a
processor instead of a second.

``python commands.py SOCKET`` does the same for the project in the working directory, for a shell
that runs ``SHIM`` as ``python``: documents have such commands.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from typing import NoReturn

SECONDS = 60  # until a command is ended
# Runs manage.py in a fork of the process at a socket, and everything else by the real Python.
SHIM = """#!{python} -ISE
import json, os, socket, sys
if sys.argv[1:2] == ["manage.py"]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as place:
        place.connect({socket!r})
        order = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
        socket.send_fds(place, [order], [0, 1, 2])
        sys.exit(int(place.recv(10) or b"1"))
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def become(arguments: list[str], environment: dict[str, str], files: list[str]) -> None:
    """Set up a forked process as a shell would, without input."""
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate([os.devnull, *files]):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.argv = arguments
    signal.alarm(SECONDS)


def perform() -> NoReturn:
    """Run the command; end at once, as Python would take longer to tidy up than most commands."""
    status = None
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        status = ended.code
    if isinstance(status, str):
        print(status, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(status, str) else status or 0)


def serve(path: str) -> None:
    """Carry out the commands that come to a socket, each with the files of its client."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that nobody has to wait for a child
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as place:
        place.bind(path)
        place.listen()
        print("ready", flush=True)
        while True:
            client, _ = place.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                attend(client)
            client.close()


def attend(client: socket.socket) -> NoReturn:
    """Carry out a command and say its status; end it if the client goes away."""
    order, files, _, _ = socket.recv_fds(client, 1024 * 1024, 3)
    child = os.fork()
    if not child:
        client.close()
        arguments, environment, folder = json.loads(order)
        os.environ.clear()
        os.environ.update(environment)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        sys.argv, sys.stdin = arguments, os.fdopen(0)  # which may be a pipe
        perform()
    for file in files:
        os.close(file)
    ready, _, _ = select.select([os.pidfd_open(child), client], [], [])
    if client in ready:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    client.sendall(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def main() -> None:
    if len(sys.argv) > 1:
        sys.path[0] = os.getcwd()
    import manage  # noqa: F401, PLC0415 - and with it Flask and SQLAlchemy

    gc.freeze()  # a collection would copy the memory that both processes share
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    while order := sys.stdin.readline():
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        else:
            become(*json.loads(order))
            perform()


if __name__ == "__main__":
    main()
