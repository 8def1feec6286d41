"""Threads that make requests, and others that read meanwhile; ``refuse_thread`` lets one fail."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient

READERS = int(os.environ.get("SCIM_TEST_THREADS", "0"))
READS = ("/scim/v2/Users?count=5", "/scim/v2/Groups?count=2", '/scim/v2/Users?filter=id eq "x"')


@contextmanager
def busy(connect: Callable[[], FlaskClient]) -> Iterator[None]:
    """Let threads read until the block ends; fail if the server failed."""
    ended, wrong = threading.Event(), []

    def read() -> None:
        client = connect()
        while not ended.is_set():
            wrong.extend(got for path in READS if (got := client.get(path).status_code) >= 500)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not wrong


class ThreadedClient(FlaskClient):
    """A client whose every request is answered in another thread than the one before."""

    pool = ThreadPoolExecutor(8)

    def open(self, *arguments: Any, **options: Any) -> Any:
        return self.pool.submit(super().open, *arguments, **options).result()


def refuse_thread(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the next thread of a name not start, as if the machine had no room for it."""
    begin, refused = threading.Thread.start, list[threading.Thread]()

    def start(thread: threading.Thread) -> None:
        if thread.name == name and not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
