"""``python -m bench``: measure every operation beside its floor on every database."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.pool import Pool

import click

from .directory import CONNECTIONS, DATABASES, places
from .loading import fill
from .measure import Sample, clients, measure
from .operations import MEASURED, Operation
from .pgbench import pgbench
from .report import LEGEND, Samples, named, show_growth, show_size
from .server import FLOOR, SERVER, Server, serve

ROUNDS = 6
WARM_UP = 0.4
SLOW = 2.0  # seconds of a warm-up; an operation that takes longer has no further turns


@click.command()
@click.option("--seconds", default=3.0, show_default=True, help="how long to measure an operation")
@click.option("--workers", default=2, show_default=True, help="worker processes of each server")
@click.option("--databases", default="sqlite,postgresql", show_default=True, help=DATABASES)
@click.argument("users", nargs=-1, type=click.IntRange(min=1000))
def main(seconds: float, workers: int, databases: str, users: tuple[int, ...]) -> None:
    """Measure each operation of the server, and its floor, in a directory of USERS users.

    The floor is a bare Flask route with one SQL statement. Several numbers of USERS are measured
    one after the other; without any, 1000 and 100000.
    """
    started = time.monotonic()
    click.echo(f"{workers} workers, {CONNECTIONS} connections, {seconds:g} s a measurement")
    sizes = sorted(set(users or (1_000, 100_000)))
    with clients() as pool:
        for dialect in databases.split(","):
            compare(pool, dialect, sizes, seconds, workers)
    click.echo(f"{LEGEND}\nTook {time.monotonic() - started:.0f} s.")


def compare(pool: Pool, dialect: str, sizes: Sequence[int], seconds: float, workers: int) -> None:
    """Measure and print all operations on one kind of database."""
    with ExitStack() as stack:
        filled = stack.enter_context(places(dialect, sizes))
        for place in filled:
            fill(place.url, place.size)
        alone = {place.size: list(pgbench(place, seconds)) for place in filled if place.postgres}
        bare, real = (
            [stack.enter_context(serve(place, workers, *program)) for place in filled]
            for program in (FLOOR, SERVER)
        )
        samples = run(pool, bare, real, seconds, dialect)
    for size in sizes:
        show_size(dialect, size, samples[size], alone.get(size, ()))
    show_growth(dialect, samples)


def run(
    pool: Pool, bare: Sequence[Server], real: Sequence[Server], seconds: float, label: str
) -> Mapping[int, Samples]:
    """Return the samples of each operation, by the number of users."""
    samples: dict[int, dict[Operation, Sample]] = {server.size: {} for server in bare}
    with click.progressbar(
        length=len(named()) * len(bare), label=f"Measuring {label}", file=sys.stderr
    ) as progress:
        for floor, above in MEASURED.items():
            pairs = [(server, floor) for server in bare]
            pairs += [(server, operation) for server in real for operation in above.values()]
            for (server, operation), sample in take_turns(pool, pairs, seconds).items():
                samples[server.size][operation] = sample
            progress.update(len(pairs))
    return samples


def take_turns(
    pool: Pool, pairs: Sequence[tuple[Server, Operation]], seconds: float
) -> dict[tuple[Server, Operation], Sample]:
    """Measure the operations in turns, so that a busy moment of the machine slows all of them."""
    first = {pair: measure(pool, *pair, WARM_UP) for pair in pairs}
    slow = {pair: sample for pair, sample in first.items() if sample.seconds > SLOW}
    samples = {pair: slow.get(pair, Sample()) for pair in pairs}
    for _ in range(ROUNDS):
        for pair in pairs:
            if pair not in slow:
                samples[pair] += measure(pool, *pair, seconds / ROUNDS)
    return samples


if __name__ == "__main__":
    main()
