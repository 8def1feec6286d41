"""Attacks by connections and on processes: who is slow, silent or dead takes nobody else along."""

import os
import random
import signal
import time
from contextlib import ExitStack
from socket import SO_RCVBUF, SOL_SOCKET

from .sizes import SIZE
from .target import Target, open_files

SILENT = 20
READERS = 8
PIPELINED = 30  # requests of one client that reads no answer


def kill_workers(target: Target) -> None:
    """Kill one worker after the other."""
    number = len(target.workers())
    for kill in range(SIZE.kills):
        chosen = random.Random(kill).choice(target.workers())
        os.kill(chosen, signal.SIGKILL)
        time.sleep(0.1)
        target.wait_for_workers(number)


def send_silent_bodies(target: Target) -> None:
    """Send one byte of a body of a hundred, and wait."""
    head = target.head("POST", "/Users", "Content-Type: application/json", "Content-Length: 100")
    with ExitStack() as connections:
        for _ in range(SILENT):
            connections.enter_context(target.connect(f"{head}\r\n{{"))
        time.sleep(SIZE.hold)


def read_no_answers(target: Target, group_id: str) -> None:
    """Ask for a large group again and again, and read nothing."""
    asked = target.head("GET", f"/Groups/{group_id}") + "\r\n"
    with ExitStack() as connections:
        for _ in range(READERS):
            connection = connections.enter_context(target.connect())
            connection.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
            connection.sendall((asked * PIPELINED).encode())
        time.sleep(SIZE.hold)


def open_halves(target: Target) -> None:
    """Begin a request without a token on many connections, and never end it."""
    open_files(2 * SIZE.connections)
    with ExitStack() as connections:
        for _ in range(SIZE.connections):
            connections.enter_context(target.connect("GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\n"))
        time.sleep(SIZE.hold)
