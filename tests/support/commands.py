"""A process that has imported all that our programs need, and forks for each.

``python commands.py SOCKET`` runs what comes to the socket in the project in the working directory:
the arguments, the environment, the folder and whether it leads a session, as JSON, with the files
of its input and output. It answers with the process id, and at the end with the exit status. A
command starts so within 10 ms of a processor instead of a second. It ends when its input does.

A shell that runs ``SHIM`` as ``python`` gets such commands: documents have them.
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

# Runs our programs in a fork of the process at a socket, and everything else by the real Python. It
# passes signals on.
SHIM = """#!{python} -ISE
import json, os, signal, socket, sys
if sys.argv[1:2] in (["manage.py"], ["app.py"]):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as place:
        place.connect({socket!r})
        order = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), False]).encode()
        socket.send_fds(place, [order], [0, 1, 2])
        pid = int(place.recv(10))
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda number, _: os.kill(pid, number))
        status = int(place.recv(10) or b"1")
        sys.exit(status if status >= 0 else 128 - status)
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def perform() -> NoReturn:
    """Run the program; end at once, as Python would take longer to tidy up than most commands."""
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
    """Carry out what comes to a socket, each with the files of its client."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that nobody has to wait for a child
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as place:
        place.bind(path)
        place.listen()
        print("ready", flush=True)
        while place in select.select([place, sys.stdin], [], [])[0]:
            client, _ = place.accept()
            if not os.fork():
                place.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                attend(client)
            client.close()


def attend(client: socket.socket) -> NoReturn:
    """Carry out an order and say its status; end the program if the client goes away."""
    order, files, _, _ = socket.recv_fds(client, 1024 * 1024, 3)
    child = os.fork()
    if not child:
        begin(client, files, *json.loads(order))
    for file in files:
        os.close(file)
    ready, _, _ = select.select([os.pidfd_open(child), client], [], [])
    if client in ready:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    client.sendall(str(status).encode())
    os._exit(0)


def begin(
    client: socket.socket,
    files: list[int],
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    leads: bool,
) -> NoReturn:
    """Become the process that an order asks for, as a shell would, and run its program."""
    if leads:
        os.setsid()
    client.sendall(str(os.getpid()).encode())
    client.close()
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    sys.argv, sys.stdin = arguments, os.fdopen(0)  # which may be a pipe
    perform()


def main() -> None:
    sys.path[0] = os.getcwd()
    import manage  # noqa: F401, PLC0415 - and with it Flask and SQLAlchemy

    gc.freeze()  # a collection would copy the memory that both processes share
    serve(sys.argv[1])


if __name__ == "__main__":
    main()
