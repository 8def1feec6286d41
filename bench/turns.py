"""Two servers measured in turns, one without a setting and one with it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.pool import Pool
from statistics import median
from typing import Any

import click

from scim.settings import DEFAULT_TOKEN

from .directory import CONNECTIONS, DATABASES, Place, places
from .loading import fill
from .measure import clients, measure
from .operations import Operation
from .server import SERVER, Server, serve
from .tenants import visit

USERS = 1000
WARM_UP = 8.0  # seconds, until the queue of the recorder is full


def with_turns(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that ``compare_all`` takes."""
    for option in (
        click.option("--databases", default="sqlite,postgresql", show_default=True, help=DATABASES),
        click.option(
            "--workers", default=2, show_default=True, help="worker processes of each server"
        ),
        click.option("--seconds", default=2.0, show_default=True, help="how long a turn takes"),
        click.option("--rounds", default=10, show_default=True, help="turns of each server"),
    ):
        command = option(command)
    return command


def compare_all(
    operations: Mapping[str, Operation],
    show_more: Callable[[Place], None],
    prepare: Callable[[Place], None] | None = None,
    *,
    rounds: int,
    seconds: float,
    workers: int,
    databases: str,
    **settings: Any,
) -> None:
    """Compare a server with ``settings`` to one without, for each operation on each database.

    ``show_more`` is called with the database of the server with them, and ``prepare`` before it
    starts.
    """
    with clients() as pool:
        for dialect in databases.split(","):
            with ExitStack() as stack:
                without, place = stack.enter_context(places(dialect, [USERS, USERS]))
                fill(without.url, without.size)
                fill(place.url, place.size)
                if prepare:
                    prepare(place)
                off = stack.enter_context(serve(without, workers, *SERVER))
                on = stack.enter_context(serve(place, workers, *SERVER, **settings))
                for name, operation in operations.items():
                    compare(pool, (off, on), f"{dialect} {name}", operation, rounds, seconds)
                show_more(place)


def compare(
    pool: Pool,
    servers: Sequence[Server],
    name: str,
    operation: Operation,
    rounds: int,
    seconds: float,
) -> None:
    """Measure both servers in turns, and print the ratios and differences of each turn."""
    for server in servers:
        measure(pool, server, operation, WARM_UP)
    full = [[measure(pool, each, operation, seconds) for each in servers] for _ in range(rounds)]
    rate = median(off.rate for off, _ in full)
    show(
        f"{name}, full load: {rate:,.0f}/s without; with, times",
        [on.rate / off.rate for off, on in full],
    )
    cpu = median(off.cpu_milliseconds for off, _ in full)
    more = [on.cpu_milliseconds - off.cpu_milliseconds for off, on in full]
    show(f"{name}, processor time: {cpu:.2f} ms without; with, ms more", more)
    ratios = [on.cpu_milliseconds / off.cpu_milliseconds for off, on in full]
    show(f"{name}, processor time with, times that without", ratios)
    half = rate / 2 / CONNECTIONS
    latencies = [
        [
            visit(pool, each, [DEFAULT_TOKEN] * CONNECTIONS, half, seconds, operation)
            for each in servers
        ]
        for _ in range(rounds)
    ]
    for percent in (50, 99):
        times = [[each.sample.milliseconds(percent) for each in both] for both in latencies]
        without = median(off for off, _ in times)
        more = [on - off for off, on in times]
        show(f"{name}, half load: p{percent} {without:.2f} ms without; with, ms more", more)


def show(name: str, found: Sequence[float]) -> None:
    """Print the median of some figures, and their spread."""
    middle = sorted(found)[len(found) // 4 : -(len(found) // 4) or None]
    spread = f"{middle[0]:.2f} to {middle[-1]:.2f}"
    click.echo(f"{name:<66} {median(found):.2f} ({spread})")
