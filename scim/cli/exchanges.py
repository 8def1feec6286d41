"""``explain exchange`` and ``tail``: recorded requests with their answers, in plain words."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import methodcaller
from urllib.parse import unquote_plus

import click
from flask.cli import with_appcontext

from scim.explain.bodies import names
from scim.explain.exchange import Exchange
from scim.explain.reasons.problems import problems
from scim.explain.reasons.reason import reason
from scim.explain.requests.bulks import operations
from scim.explain.sentences.conversations import conversations
from scim.explain.sentences.sentence import said, sentence
from scim.explain.words import counted
from scim.printing import printable
from scim.settings import Settings
from scim.storage import Store
from scim.storage.recordings import Recordings

from .common import SAME, say, say_list, service, store
from .common import recordings as opened
from .explain import explain
from .history import lines_of_all

WINDOW = 300  # exchanges among which a conversation goes on, and which tell names
CHUNK = 500  # exchanges that are read at once
PAUSE = 0.5  # seconds between two looks for new ones
MOST_LINES = 50  # of statements, of operations and of what changed
LONGEST, SHORTER = 200, 60  # characters of a URL
COLORS = {2: "green", 3: "green", 4: "yellow", 5: "red"}
NOT_YET = f"nothing has been recorded yet; start the server and send it a request; {SAME}"


@explain.command("exchange")
@click.argument("name", metavar="ID")
@with_appcontext
def explain_exchange(name: str) -> None:
    """Say what a recorded request meant, and what it changed.

    It says why it was answered so, too. ID is the request id, which the log and X-Request-Id have,
    or the number in the console.
    """
    recordings = opened()
    exchange = _find(recordings, name)
    known = names(recordings.before(exchange.number + 1, WINDOW))
    say(sentence(exchange, known))
    why = reason(exchange)
    say_list("", [line for line in said(exchange) if line not in why.decided])
    say("")
    say(f"{_request(exchange, LONGEST)} {exchange.status} {exchange.milliseconds:.1f} ms")
    say(_where(exchange))
    documents = [
        f"{each} (docs/{link.document}#{link.anchor})"
        for each, link in zip(why.decided, why.links, strict=True)
    ]
    say_list(f"Why {exchange.status}", [f"{why.section}: {why.says}", *documents])
    remedies = (each for problem in problems([exchange]) for each in problem.remedy)
    say_list("What to change", dict.fromkeys(remedies))
    say_list("The checks of the credential", _checks(exchange))
    say_list("The operations, in the order in which they ran", _operations(exchange, known))
    say_list("What changed", _changed(exchange))
    say_list("The statements", _statements(exchange))


@click.command()
@click.option("--tenant", metavar="NAME", help="show the requests of one tenant")
@click.option("--failed", is_flag=True, help="show the requests that were refused or failed")
@click.option(
    "--last",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="begin with so many of the newest ones",
)
@click.option("--follow/--no-follow", default=True, help="go on until Ctrl+C, or not")
@with_appcontext
def tail(tenant: str | None, failed: bool, last: int, follow: bool) -> None:
    """Follow the requests as they come in, a sentence each.

    A request that continues a conversation is indented.
    """
    recordings = opened()
    window = recordings.before(None, max(WINDOW, last))[::-1]
    problem = _why_nothing(service().settings) or ("" if window else NOT_YET)
    if problem and (not window or follow):
        if not follow or problem != NOT_YET:
            raise click.ClickException(problem)
        click.echo(problem, err=True)

    def is_chosen(exchange: Exchange) -> bool:
        return (not tenant or exchange.tenant == tenant) and (not failed or exchange.is_failed)

    chosen = _newest(recordings, window, is_chosen, last)
    earlier = [each for each in chosen if each.number < window[0].number]
    _show([*earlier, *window], chosen)
    try:
        while follow:
            window = show_new(recordings, window, is_chosen)
    except KeyboardInterrupt:
        click.echo("")


def _newest(
    recordings: Recordings,
    window: Sequence[Exchange],
    is_chosen: Callable[[Exchange], bool],
    last: int,
) -> list[Exchange]:
    """Return the newest that are chosen, also of those before the window; the oldest first."""
    newest = window[::-1]
    chosen = [each for each in newest if is_chosen(each)]
    while len(chosen) < last and newest:
        newest = recordings.before(newest[-1].number, CHUNK)
        chosen += [each for each in newest if is_chosen(each)]
    return chosen[:last][::-1]


def _find(recordings: Recordings, name: str) -> Exchange:
    """Return the exchange with a number, or the newest with a request id.

    :raises click.ClickException: there is none; the message says why
    """
    is_number = name.isascii() and name.isdigit() and len(name) < 18
    found = recordings.get(int(name)) if is_number else None
    if found := found or next(iter(recordings.find(name)), None):
        return found
    settings = service().settings
    if not recordings.last():
        raise click.ClickException(_why_nothing(settings) or NOT_YET)
    kept = f"the newest {settings.recordings} are kept, for {settings.recording_days} days"
    raise click.ClickException(
        f"no request has the id or number {printable(name[:80])}; {kept}; "
        "`python manage.py tail` shows those that are there"
    )


def _why_nothing(settings: Settings) -> str:
    """Return why a server with these settings records nothing; empty if it does."""
    if settings.records:
        return ""
    if settings.recordings == 0:
        return "nothing is recorded, since SCIM_RECORDINGS is 0; set it, and start the server anew"
    why = "SCIM_CONSOLE is off"
    if settings.console == "auto":
        why = (
            "SCIM_ENV is production"
            if settings.is_production
            else (f"SCIM_HOST is {settings.host}, where others can reach the server")
        )
    return f"nothing is recorded, since {why}; set SCIM_CONSOLE=on, and start the server anew"


def _request(exchange: Exchange, longest: int) -> str:
    query = f"?{unquote_plus(exchange.query)}" if exchange.query else ""
    url = f"{exchange.base}{exchange.path}{query}"
    url = url if len(url) <= longest else f"{url[:longest]}…"
    return f"{exchange.method} {url}"


def _where(exchange: Exchange) -> str:
    """Return who sent a request, when, and under which names it is found again."""
    told = [
        exchange.at,
        f"request {exchange.id}",
        f"number {exchange.number}",
        exchange.tenant and f"tenant {exchange.tenant}",
        exchange.token and f"token {exchange.token}",
        exchange.client and f"from {exchange.client}",
    ]
    return " · ".join(filter(None, told))


def _checks(exchange: Exchange) -> Iterator[str]:
    for check in exchange.checks:
        outcome = "passed" if check.is_passed else "failed"
        yield f"{outcome}  {check.name}: expected {check.expected}, came {check.came}"


def _operations(exchange: Exchange, known: Mapping[str, str]) -> list[str]:
    if exchange.path.strip("/").lower() != "bulk":
        return []
    lines = []
    for each in operations(exchange, known):
        needs = f" (needs {', '.join(map(str, each.needs))})" if each.needs else ""
        lines.append(f"{each.index}  {each.status or 'not done'}  {each.sentence}{needs}")
    return _first(lines, "operations")


def _changed(exchange: Exchange) -> list[str]:
    """Return a line for each version that an exchange made, and for each value that changed."""
    if not exchange.made:
        return []
    try:
        opened = store(exchange.tenant)
    except click.ClickException as gone:
        return [gone.message]
    return _first(list(_versions(opened, exchange)), "lines")


def _versions(opened: Store, exchange: Exchange) -> Iterator[str]:
    for made in exchange.made[:MOST_LINES]:
        moment = opened.timeline(made.resource_id, methodcaller("version", made.version))
        if moment:
            yield from lines_of_all(opened, [moment.change])
        else:
            what = f"{made.operation}  {made.resource_type} {made.resource_id}"
            yield f"{what} version {made.version}; history does not have it any more"


def _statements(exchange: Exchange) -> list[str]:
    lines = []
    for each in exchange.statements:
        rows = "" if each.rows is None else f"  {counted(each.rows, 'row')}"
        lines.append(f"{each.milliseconds:.1f} ms{rows}  {' '.join(each.text.split())}")
    return _first(lines, "statements")


def _first(lines: Sequence[str], what: str) -> list[str]:
    rest = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"and {rest} more {what}"] if rest > 0 else [])]


def show_new(
    recordings: Recordings, window: list[Exchange], is_chosen: Callable[[Exchange], bool]
) -> list[Exchange]:
    """Print what came after the last exchange, or wait a moment; return the new window."""
    last = window[-1].number if window else 0
    if new := recordings.after(last, CHUNK):
        window = [*window, *new][-WINDOW:]
        _show(window, [each for each in new if is_chosen(each)])
        return window
    time.sleep(PAUSE)
    return window if recordings.last() >= last else []  # they were cleared


def _show(window: Sequence[Exchange], shown: Sequence[Exchange]) -> None:
    """Print a line for each exchange; ``window`` has those before it, and them."""
    begun = {each.exchanges[0].number for each in conversations(window)}
    known = names(window)
    for exchange in shown:
        indent = "" if exchange.number in begun else "  "
        told = printable(sentence(exchange, known))
        request = click.style(printable(_request(exchange, SHORTER)), dim=True)
        status = click.style(str(exchange.status), fg=COLORS.get(exchange.status // 100))
        took = click.style(f"{exchange.milliseconds:.1f} ms", dim=True)
        click.echo(f"{_clock(exchange)}  {indent}{told}  {request} {status} {took}")
        for line in said(exchange) if exchange.is_failed else ():
            click.echo(f"{' ' * 10}{indent}{click.style(printable(line), dim=True)}")


def _clock(exchange: Exchange) -> str:
    """Return the time of day here at which a request arrived."""
    try:
        return datetime.fromisoformat(exchange.at).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "--:--:--"
