"""``python -m bench.load``: start-up, memory, and many tenants at once, on every database."""

from contextlib import ExitStack
from multiprocessing.pool import Pool

import click

from .directory import DATABASES, MOST_MEMBERS, Place, places
from .loading import fill
from .measure import clients
from .memory import FEW_REQUESTS, biggest_group, growth, start_up
from .server import SERVER, serve
from .tenants import visit

TENANT_USERS = 1000


@click.command()
@click.option(
    "--users",
    default=MOST_MEMBERS,
    show_default=True,
    type=click.IntRange(min=1000),
    help="users for start-up and memory",
)
@click.option("--requests", default=100_000, show_default=True, help="requests for memory")
@click.option("--tenants", default=40, show_default=True, help="tenants that send at once")
@click.option("--rate", default=25.0, show_default=True, help="requests a second of each tenant")
@click.option("--seconds", default=20.0, show_default=True, help="how long the tenants send")
@click.option(
    "--workers", default=2, show_default=True, help="worker processes; for memory always 1"
)
@click.option("--databases", default="sqlite,postgresql", show_default=True, help=DATABASES)
def main(
    users: int,
    requests: int,
    tenants: int,
    rate: float,
    seconds: float,
    workers: int,
    databases: str,
) -> None:
    """Measure start-up, memory after 1,000 and after many requests, and many tenants at once."""
    for dialect in databases.split(","):
        with ExitStack() as stack:
            pool = stack.enter_context(clients())
            one, many = stack.enter_context(places(dialect, [users, TENANT_USERS]))
            fill(one.url, one.size)
            tokens = fill(many.url, many.size, [f"tenant {n}" for n in range(tenants)])
            click.echo(f"\n{dialect}, {users:,} users")
            show(f"start-up, {workers} workers", f"{start_up(one, workers):.2f} s to an answer")
            show_memory(pool, one, requests)
            show_tenants(pool, many, tokens, rate, seconds, workers)


def show(name: str, found: str) -> None:
    """Print a name and the figures measured."""
    click.echo(f"{name:<34}{found}")


def show_memory(pool: Pool, place: Place, requests: int) -> None:
    """Print the memory of a single worker."""
    with serve(place, 1, *SERVER) as server:
        before, most, answer = biggest_group(server)
    found = f"{before:.0f} MB before, {most:.0f} MB at the most, for {answer:.1f} MB of JSON"
    show("worker, GET of the biggest group", found)
    with serve(place, 1, *SERVER) as server:
        few, many = growth(pool, server, requests)
    found = f"{few:.0f} MB after {FEW_REQUESTS:,}, {many:.0f} MB after {requests:,}"
    show("worker, mixed requests", f"{found}: {many / few:.2f} times as much")


def show_tenants(
    pool: Pool, place: Place, tokens: list[str], rate: float, seconds: float, workers: int
) -> None:
    """Print the rate and the latencies of many tenants at once."""
    with serve(place, workers, *SERVER) as server:
        visits = visit(pool, server, tokens, rate, seconds)
    sample = visits.sample
    offered = f"{len(tokens) * rate:,.0f}/s offered, {sample.rate:,.0f}/s answered"
    times = f"p50 {sample.milliseconds(50):.1f} ms, p99 {sample.milliseconds(99):.1f} ms"
    show(f"{len(tokens)} tenants, {rate:g} requests/s each", f"{offered}; {times} after due")
    show("", f"{visits.errors} wrong answers, {visits.missed} not sent in time")


if __name__ == "__main__":
    main()
