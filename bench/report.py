"""The tables that a terminal shows."""

from collections.abc import Mapping, Sequence

import click

from .measure import Sample
from .operations import CARRIED, MEASURED, Operation

Samples = Mapping[Operation, Sample]

NAME = 32
NOT_FLAT = 0.7
HEADINGS = ("/s", "p50", "p99", "CPU", "ratio")
LEGEND = """
/s       operations a second over all connections
p50 p99  milliseconds until the answer was there
CPU      milliseconds of the server's processes for an operation
floor    a bare Flask route with one statement of the driver, on the same server program
ratio    of the rate to that of the floor above it
growth   the rate / the rate with the fewest users; 1 if the size does not matter, ! below 0.7
In a bulk, /s, CPU and ratio are of single creates, p50 and p99 of the request with all of them.
The biggest group has all users, 100,000 at the most.
POST of a group: /s and CPU include its DELETE, p50 and p99 do not.
All operations are measured in turns, so other work on the machine changes ratios least. An
operation that takes seconds has one turn only; its p99 is the slowest of a few."""


def named() -> list[tuple[str, Operation, Operation]]:
    """Return the name of each operation, the operation and its floor."""
    found = []
    for floor, above in MEASURED.items():
        found.append((f"floor: {floor.__doc__}", floor, floor))
        found += [(name, operation, floor) for name, operation in above.items()]
    return found


def show_size(
    dialect: str, size: int, samples: Samples, alone: Sequence[tuple[str, float, float]]
) -> None:
    """Print the figures for one number of users; ``alone`` has those of pgbench."""
    headings = "".join(f"{heading:>9}" for heading in HEADINGS)
    click.echo(f"\n{f'{dialect}, {size:,} users':<{NAME}}{headings}")
    for name, rate, mean in alone:
        click.echo(f"{f'pgbench: {name}':<{NAME}}{rate:9,.0f}{mean:9.2f}  (mean)")
    for name, operation, floor in named():
        sample, carried = samples[operation], CARRIED.get(operation, 1)
        rate, cpu = _rate(sample, operation), sample.cpu_milliseconds / carried
        times = f"{sample.milliseconds(50):9.1f}{sample.milliseconds(99):9.1f}{cpu:9.2f}"
        ratio = "" if operation is floor else f"{rate / samples[floor].rate:9.3f}"
        click.echo(f"{name:<{NAME}}{_figure(rate)}{times}{ratio}")


def show_growth(dialect: str, samples: Mapping[int, Samples]) -> None:
    """Print how the rate of each operation changes with the number of users."""
    fewest, *others = samples
    if not others:
        return
    headings = "".join(f"{f'{size:,}':>11}" for size in others)
    click.echo(f"\n{f'{dialect}, growth from {fewest:,} users':<{NAME + 4}}{headings}")
    for name, operation, _ in named():
        least = samples[fewest][operation].rate
        ratios = [samples[size][operation].rate / least for size in others]
        marked = "".join(f"{ratio:10.2f}{'!' if ratio < NOT_FLAT else ' '}" for ratio in ratios)
        click.echo(f"{name:<{NAME + 4}}{marked}".rstrip())


def _rate(sample: Sample, operation: Operation) -> float:
    return sample.rate * CARRIED.get(operation, 1)


def _figure(rate: float) -> str:
    return f"{rate:9,.0f}" if rate >= 10 else f"{rate:9.2f}"
