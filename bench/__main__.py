"""``python -m bench``: measure every operation on every database and print one table."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.pool import Pool

import click

from .directory import CONNECTIONS, databases, fill
from .measure import CLIENTS, Sample, Server, measure, serve
from .operations import CARRIED, MEASURED, Operation

FLOOR = ("-m", "granian", "--factory", "bench.floor:create_app")
ROUNDS = 6
WARM_UP = 0.4
NOT_FLAT = 0.7
HEADINGS = "".join(f"{heading:>8}" for heading in ("/s", "p50", "p99", "CPU", "ratio"))
LEGEND = """
/s: operations a second. p50, p99: milliseconds. CPU: milliseconds of the server's processes for an
operation. floor: a bare Flask route with one statement. ratio: of the rate to the floor's above it.
in a bulk: /s, CPU and ratio are of single creates, p50 and p99 of the request with all of them.
flat: the rate with many users / with few; about 1 if the size of the directory does not matter.
Everything side by side is measured in turns, so other work on the machine moves ratios least."""
SCAN = "SQLite has no index over all attributes; eq on one without a column reads every row."


@click.command()
@click.option("--seconds", default=3.0, show_default=True, help="length of a measurement")
@click.option("--users", nargs=2, default=(1_000, 50_000), show_default=True, help="few and many")
@click.option("--workers", default=2, show_default=True, help="processes of a server")
@click.option("--databases", "dialects", default="sqlite,postgresql", show_default=True)
def main(seconds: float, users: tuple[int, int], workers: int, dialects: str) -> None:
    """Measure the server beside its floor, with few and with many users."""
    started = time.monotonic()
    click.echo(f"{workers} workers, {CONNECTIONS} connections, {seconds:g} s a measurement")
    steep: list[str] = []
    for dialect in dialects.split(","):
        with ExitStack() as stack:
            filled = list(zip(stack.enter_context(databases(dialect)), users, strict=True))
            for url, size in filled:
                fill(url, size)
            bare, real = (
                [stack.enter_context(serve(*each, workers, *program)) for each in filled]
                for program in (FLOOR, ("app.py",))
            )
            pool = stack.enter_context(Pool(CLIENTS))
            click.echo(f"\n{dialect:<31}" + "".join(f"|{size:>28,} users{'':8}" for size in users))
            click.echo(f"{'':31}" + f"|{HEADINGS}  " * 2 + "|   flat")
            for floor, named in MEASURED.items():
                samples = run(pool, bare, real, [floor, *named.values()], seconds)
                for name, operation in {f"floor: {floor.__doc__}": floor, **named}.items():
                    carried = CARRIED.get(operation, 1)
                    flat = report(name, samples[operation], samples[floor], carried)
                    if flat < NOT_FLAT:
                        steep.append(f"Not flat: {name} on {dialect}, {flat:.2f}.")
    click.echo("\n".join([LEGEND, *steep, SCAN, f"Took {time.monotonic() - started:.0f} s."]))


def run(
    pool: Pool,
    bare: Sequence[Server],
    real: Sequence[Server],
    operations: Sequence[Operation],
    seconds: float,
) -> dict[Operation, list[Sample]]:
    """Measure a floor and the operations above it, with few and with many users.

    They take turns, so that a busy moment of the machine meets them all.
    """
    samples = {operation: [Sample(), Sample()] for operation in operations}
    for turn in range(ROUNDS + 1):
        for which in (0, 1):
            for operation in operations:
                server = (bare if operation is operations[0] else real)[which]
                seen = measure(pool, server, operation, seconds / ROUNDS if turn else WARM_UP)
                if turn:
                    samples[operation][which] += seen
    return samples


def report(name: str, samples: Sequence[Sample], floors: Sequence[Sample], carried: int) -> float:
    """Print the line of an operation; return by how much many users change its rate.

    ``carried`` is the number of operations that one request carries out.
    """
    parts = ""
    for sample, floor in zip(samples, floors, strict=True):
        rate, cpu = sample.rate * carried, sample.cpu_milliseconds / carried
        times = f"{sample.milliseconds(50):8.1f}{sample.milliseconds(99):8.1f}{cpu:8.2f}"
        parts += f"|{rate:8,.0f}{times}{rate / floor.rate:8.2f}  "
    flat = samples[1].rate / samples[0].rate
    click.echo(f"{name:<31}{parts}|{flat:7.2f}")
    return flat


if __name__ == "__main__":
    main()
