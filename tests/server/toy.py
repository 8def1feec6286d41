"""The server program with a small application: ``python tests/server/toy.py PORT WORKERS``."""

import logging
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from scim.protocol.errors import UnavailableError
from scim.protocol.headers import PARK, PARKED
from scim.server import Exchanges, Master, Worker, reserve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SECONDS = int(os.environ.get("TOY_SECONDS", "1"))  # that a client gets
LARGEST = 200_000  # bytes of a body
CHUNK = 100_000  # bytes
READY, COME = Event(), Event()


def toy(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    query = {name: value for name, [value] in parse_qs(environ["QUERY_STRING"]).items()}
    match environ["PATH_INFO"]:
        case "/worker":
            said = [str(os.getpid()).encode()]
        case "/echo":
            said = [environ["wsgi.input"].read()]
            logging.info("echoed")
        case "/keep":
            # Cycles, as Flask and its errors make them: only a collection lets go.
            environ |= {"kept": environ, "frame": sys._getframe()}
            said = [b"kept"]
        case "/header":
            said = [repr(environ.get(query["name"])).encode()]
        case "/sleep":
            time.sleep(float(query["seconds"]))
            said = [b"slept"]
        case "/hold":
            logging.info("holding")
            READY.wait(10)
            said = [b"held"]
        case "/wait":
            said = [waited(environ, query)]
        case "/come":
            COME.set()
            said = [b"came"]
        case "/healthz":
            said = [b"ok"]
        case "/readyz":
            READY.set()
            said = [b"ok"]
        case "/chunks":
            said = chunks(int(query["count"]), query.get("fails"))
        case "/fail":
            raise ValueError("secret")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return said


def waited(environ: "WSGIEnvironment", query: dict[str, str]) -> bytes:
    """Wait until somebody comes, without a thread."""
    if left := environ.get(PARKED):
        return f"{left}, came: {COME.is_set()}".encode()
    seconds = float(query["seconds"])
    if environ[PARK](query["owner"], COME.is_set, seconds, "parked"):
        return b"dropped"
    return b"no room"


def chunks(count: int, fails: str | None) -> Iterator[bytes]:
    for number in range(count):
        yield bytes([65 + number % 26]) * CHUNK
    yield b"the end"
    if fails == "unavailable":
        raise UnavailableError("the database went away")
    if fails:
        raise ValueError("secret")


def begin() -> Exchanges:
    if "TOY_FAILS" in os.environ:
        raise SystemExit("the toy cannot start")

    def is_known(scope):
        return scope.headers.get("authorization") == "known"

    return Exchanges(toy, is_known, LARGEST, SECONDS)


class Weary:
    """A companion that ends at once."""

    name = "toy"

    def run(self, alive, held):
        raise SystemExit(3)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if "TOY_LARGEST_FILE" in os.environ:
        most = int(os.environ["TOY_LARGEST_FILE"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    port, workers = map(int, sys.argv[1:])
    worker = Worker(reserve("127.0.0.1", port), SECONDS, begin)
    beside = {"companions": [Weary()], "lasting": 0.5} if "TOY_WEARY" in os.environ else {}
    sys.exit(Master(worker, workers, **beside).serve())
