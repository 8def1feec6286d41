"""An innocent client: small requests, one after the other, in a process of its own.

``python victim.py HOST PORT BASE TOKEN USER_ID`` sends them until its input ends, and then prints
``[[milliseconds, status], ...]``. The status 0 is a connection that broke or a server that is away.
"""

import http.client
import json
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

PAUSE = 0.005  # seconds
PATIENCE = 60  # seconds
CLIENTS = 2  # connections at a time
CONNECTION = 5  # requests, then a new one: the server may give it to another process


@dataclass(frozen=True)
class Seen:
    """The answers that the victim got: milliseconds and statuses."""

    answers: list[tuple[float, int]]

    def at(self, part: float) -> float:
        """Return the milliseconds within which ``part`` of the requests were answered."""
        times = sorted(milliseconds for milliseconds, _ in self.answers)
        return times[min(int(len(times) * part), len(times) - 1)]

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for _, status in self.answers)

    def __str__(self) -> str:
        p50, p99, most = (self.at(part) for part in (0.5, 0.99, 1))
        return f"{p50:8.1f} {p99:8.1f} {most:8.1f}"


def watch(url: str, token: str, user_id: str, while_: Callable[[], None]) -> Seen:
    """Return what the victim sees during ``while_``."""
    base = urlsplit(url)
    arguments = [str(base.hostname), str(base.port), base.path, token, user_id]
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        while_()
    finally:
        printed, _ = process.communicate()
    return Seen([(milliseconds, status) for milliseconds, status in json.loads(printed)])


def main(host: str, port: str, base: str, token: str, user_id: str) -> None:
    ended, answers = Event(), []
    threads = [
        Thread(target=ask, args=(host, int(port), base, token, user_id, ended, answers))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    select.select([sys.stdin], [], [])
    ended.set()
    for thread in threads:
        thread.join()
    print(json.dumps(answers))


def ask(
    host: str, port: int, base: str, token: str, user_id: str, ended: Event, answers: list[Any]
) -> None:
    """Send requests until ``ended``; each thread changes a user's title in turns."""
    path, number = f"{base}/Users/{user_id}", 0
    search = f"{base}/Users?filter=userName%20eq%20%22victim%22"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    while not ended.is_set():
        number += 1
        change = {"op": "replace", "path": "title", "value": f"title {number}"}
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        sent = json.dumps({"schemas": schemas, "Operations": [change]})
        method, url, body = (("GET", path, None), ("GET", search, None), ("PATCH", path, sent))[
            number % 3
        ]
        begun = time.perf_counter()
        try:
            connection.request(method, url, body, headers)
            response = connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            status = 0
        answers.append(((time.perf_counter() - begun) * 1000, status))
        if not status or number % CONNECTION == 0:
            connection.close()
        time.sleep(PAUSE)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
