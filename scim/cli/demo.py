"""``demo``: the year of a made-up company, played into a SCIM server."""

import math
import time
from contextlib import closing

import click

from scim.idp.company.events import Company, Event
from scim.idp.company.year import LEAST_PEOPLE, make_year
from scim.idp.demo.administrator import UnusableServerError
from scim.idp.demo.play import ADMINISTRATORS, play, summary
from scim.idp.serving import say
from scim.printing import printable

from .reach import trust
from .target import find_target, with_target

REMEDIES = {
    "Connection refused": "start the server, or correct the host and the port",
    "CERTIFICATE_VERIFY_FAILED": "trust the certificate with --ca FILE",
}


def _finite(_: click.Context, __: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number of seconds")
    return value


@click.command()
@click.option("--idp", type=click.Choice(list(ADMINISTRATORS)), default="okta", show_default=True)
@click.option(
    "--users",
    type=click.IntRange(LEAST_PEOPLE, 20_000),
    default=500,
    show_default=True,
    help="the number of people who work there, at least for a part of the year",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 999_999_999),
    default=1,
    show_default=True,
    help="the number of the company; the same number gives the same company and year",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    callback=_finite,
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="the length of a working day; 0 is as fast as the server can",
)
@with_target
@click.pass_context
def demo(
    context: click.Context,
    idp: str,
    users: int,
    seed: int,
    speed: float,
    url: str | None,
    token: str | None,
    ca: str | None,
) -> None:
    """Play a company's year: hires, moves and leavers.

    There are reorganizations, too, and mistakes and their repair. You can play the same year again:
    the provider finds its people and starts at the beginning. Another seed adds another company.
    The exit status is 1 if the server refuses a request.
    """
    url, token = find_target(url, token)
    trust(ca)
    year = make_year(seed, users)
    begun = time.monotonic()
    try:
        with closing(ADMINISTRATORS[idp](Company(year.name), url, token)) as administrator:
            administrator.waiting.say = say
            administrator.check()
            play(year, administrator, speed, _tell)
    except (UnusableServerError, ValueError) as error:
        said = f"{url} cannot be used: {error}"
        remedies = (remedy for cause, remedy in REMEDIES.items() if cause in said)
        raise click.ClickException(printable("; ".join((said, *remedies)))) from None
    click.echo(summary(year, idp, administrator, time.monotonic() - begun))
    context.exit(1 if administrator.failures else 0)


def _tell(event: Event) -> None:
    click.echo(f"{event.day:%d %b}  {event.line}")
