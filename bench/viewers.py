"""``python -m bench.viewers``: what recording and open consoles cost the requests at half load."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.pool import Pool
from threading import Event, Thread

import click
import httpx2

from .directory import DATABASES, HERE, Place, places
from .loading import fill
from .measure import clients
from .server import SERVER, serve
from .tenants import visit

USERS, TENANTS = 1000, 8
SATURATING = 2000.0  # requests a second of each tenant, more than any server answers
PROBE = 4.0  # seconds at saturation
LINK = re.compile(r"(http://\S+)/\?(key=\S+)")


@click.command()
@click.option("--viewers", default=20, show_default=True, help="open event streams")
@click.option("--seconds", default=15.0, show_default=True, help="how long to measure each case")
@click.option("--rounds", default=2, show_default=True, help="how often to measure each case")
@click.option("--workers", default=2, show_default=True, help="worker processes")
@click.option("--databases", default="sqlite,postgresql", show_default=True, help=DATABASES)
def main(viewers: int, seconds: float, rounds: int, workers: int, databases: str) -> None:
    """Measure p50 and p99 without a console, with one that records, and with viewers."""
    for dialect in databases.split(","):
        with ExitStack() as stack:
            pool = stack.enter_context(clients())
            [place] = stack.enter_context(places(dialect, [USERS]))
            tokens = fill(place.url, place.size, [f"tenant {n}" for n in range(TENANTS)])
            with serve(place, workers, *SERVER) as server:
                most = visit(pool, server, tokens, SATURATING, PROBE).sample.rate
            rate = most / 2 / TENANTS
            click.echo(f"\n{dialect}, {most:,.0f}/s at most, {rate * TENANTS:,.0f}/s sent")
            for _ in range(rounds):
                measure(pool, place, tokens, rate, seconds, workers, viewers)


def measure(
    pool: Pool,
    place: Place,
    tokens: list[str],
    rate: float,
    seconds: float,
    workers: int,
    viewers: int,
) -> None:
    """Print each case, one after the other."""
    cases = {
        "no console": ("off", 0),
        "recording": ("on", 0),
        f"{viewers} viewers": ("on", viewers),
    }
    for name, (console, count) in cases.items():
        with (
            serve(place, workers, *SERVER, console=console) as server,
            watching(place, count),
        ):
            visits = visit(pool, server, tokens, rate, seconds)
        sample = visits.sample
        click.echo(
            f"{name:<14}{sample.rate:>8,.0f}/s  p50 {sample.milliseconds(50):.2f} ms  "
            f"p99 {sample.milliseconds(99):.2f} ms  {visits.errors} wrong, {visits.missed} late, "
            f"load {os.getloadavg()[0]:.1f}"
        )


@contextmanager
def watching(place: Place, count: int) -> Iterator[None]:
    """Keep so many event streams of the console open."""
    if not count:
        yield
        return
    ended = Event()
    with httpx2.Client(trust_env=False, timeout=30) as web:
        origin, key = _link(place)
        web.get(f"{origin}/?{key}")
        threads = [Thread(target=_watch, args=(web, origin, ended)) for _ in range(count)]
        for each in threads:
            each.start()
        time.sleep(1)
        yield
        ended.set()
        for each in threads:
            each.join()


def _link(place: Place) -> tuple[str, str]:
    """Return the origin and the key of a running console."""
    command = [sys.executable, "manage.py", "console", "link", "--read-only"]
    environment = os.environ | {"SCIM_DATABASE_URL": place.url}
    for _ in range(40):
        done = subprocess.run(
            command, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False
        )
        if found := LINK.search(done.stdout):
            return found[1], found[2]
        time.sleep(0.25)
    raise click.ClickException(f"no console runs: {done.stderr}")


def _watch(web: httpx2.Client, origin: str, ended: Event) -> None:
    with web.stream("GET", f"{origin}/stream") as answer:
        answer.raise_for_status()
        for _ in answer.iter_lines():
            if ended.is_set():
                return


if __name__ == "__main__":
    main()
