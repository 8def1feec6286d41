"""How soon a server answers after its start, and how much memory its worker uses."""

import time
from collections.abc import Iterator
from multiprocessing.pool import Pool
from statistics import median

from .client import Call, Connection
from .directory import COMPANY, USERS, Place, key
from .measure import measure
from .operations import everyday
from .reads import group_whole
from .server import SERVER, Server, serve

STARTS = 3
FEW_REQUESTS = 1000
TURN = 0.5  # seconds


def start_up(place: Place, workers: int) -> float:
    """Return the seconds from ``python app.py`` to the first answer."""
    call = Call("GET", f"/Users/{key(USERS, 0)}", b"", 200, key(USERS, 0))
    seen = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with serve(place, workers, *SERVER) as server:
            ask(server, call)
            seen.append(time.perf_counter() - started)
    return median(seen)


def growth(pool: Pool, server: Server, requests: int) -> Iterator[float]:
    """Yield the megabytes of the worker after 1,000 mixed requests, and after ``requests``."""
    done = 0
    for number in (FEW_REQUESTS, requests):
        while done < number:
            done += len(measure(pool, server, everyday, TURN).latencies)
        yield server.memory()


def biggest_group(server: Server) -> tuple[float, float, float]:
    """Return megabytes: of the worker before the GET, its maximum, and those of the answer."""
    ask(server, Call("GET", f"/Groups/{COMPANY}?excludedAttributes=members", b"", 200, COMPANY))
    before = server.memory()
    answer = ask(server, next(group_whole(server.size, 0)))
    return before, server.memory(most=True), len(answer) / 2**20


def ask(server: Server, call: Call) -> bytes:
    """Send one request over its own connection; return the body of the answer."""
    connection = Connection(server.port)
    connection.send(call)
    _, answer = connection.receive()
    connection.close()
    return answer
