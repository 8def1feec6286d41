"""``python -m bench.delivering``: what a receiver costs a write, in turns with and without one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import Any

import click
import sqlalchemy as sa

from scim.deliver.webhooks.webhooks import new_secrets
from scim.storage import ENGINE_OPTIONS, Database
from scim.storage.letters import Chosen, count_letters
from scim.storage.receivers import add_receiver
from scim.storage.tokens import DEFAULT_TENANT, find_tenant
from tests.support.ports import free_port

from .directory import Place
from .operations import Operation
from .turns import compare_all, with_turns
from .writes import create, patch_active

OPERATIONS: dict[str, Operation] = {"POST": create, "PATCH": patch_active}
PATIENCE = 600.0  # seconds until all messages are delivered


@click.command()
@click.option("--down", is_flag=True, help="the receiver does not exist")
@click.option("--undelivered", is_flag=True, help="no server delivers: what the write costs alone")
@with_turns
def main(down: bool, undelivered: bool, **turns: Any) -> None:
    """Compare a server with a webhook to one without, under full and under half load."""
    port = free_port()

    def prepare(place: Place) -> None:
        database = Database(sa.create_engine(place.url, **ENGINE_OPTIONS))
        tenant = database.read(lambda known: find_tenant(known, "default"))
        assert tenant
        url, secrets = f"http://127.0.0.1:{port}/", new_secrets()
        database.write(lambda known: add_receiver(known, tenant, "b", "webhook", url, secrets))
        database.close()

    settings: dict[str, Any] = {
        "webhook_allow_private": "true",
        "deliver": str(not undelivered).lower(),
    }
    with listening(port, not down):
        show = show_nothing if down or undelivered else show_backlog
        compare_all(OPERATIONS, show, prepare, **settings, **turns)


@contextmanager
def listening(port: int, is_up: bool) -> Iterator[None]:
    """Let a process accept messages until the block ends."""
    process = get_context("fork").Process(target=_accept, args=(port,), daemon=True)
    if is_up:
        process.start()
    try:
        yield
    finally:
        if is_up:
            process.terminate()


def _accept(port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def show_nothing(_: Place) -> None:
    """Print nothing."""


def show_backlog(place: Place) -> None:
    """Print how many messages wait after the load, and how many a second are delivered then."""
    database = Database(sa.create_engine(place.url, **ENGINE_OPTIONS))
    chosen, started = Chosen(DEFAULT_TENANT), time.monotonic()
    first = left = database.read(lambda known: count_letters(known, chosen))
    while left and time.monotonic() < started + PATIENCE:
        time.sleep(0.5)
        left = database.read(lambda known: count_letters(known, chosen))
    seconds = time.monotonic() - started
    click.echo(f"{first:,} messages waited; {(first - left) / seconds:,.0f}/s were delivered then")
    database.close()


if __name__ == "__main__":
    main()
