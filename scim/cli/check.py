"""``check``: tests a SCIM server against the standard and what identity providers expect."""

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import IO, Any

import click
from flask.cli import ScriptInfo

from scim.conformance.checks import SUITES, CheckResult, Status, load, run
from scim.conformance.client import TIMEOUT, Client
from scim.conformance.okta.organization import Organization
from scim.conformance.reports.junit import as_junit
from scim.conformance.reports.page import as_page
from scim.conformance.reports.terminal import Report, as_json, as_table
from scim.conformance.service import Service
from scim.printing import printable
from scim.settings import TARGET_TOKEN

from .organization import real_one, stand_in
from .purging import purge_run
from .reach import reach, trust, with_ca
from .target import ask_for, find_target

FORMATS = {"html": as_page, "json": as_json, "junit": as_junit}
ALL, OKTA_CRUD = "all", "okta-crud"
LINE_EVERY = 100  # checks, where there is no terminal


@click.command()
@click.argument("url", required=False)
@click.option(
    "--token",
    envvar=TARGET_TOKEN,
    help="the bearer token; asked for unless the server is this one",
)
@click.option(
    "--suite",
    "suites",
    type=click.Choice([*SUITES, ALL]),
    multiple=True,
    default=[ALL],
    show_default=True,
    help="what to check; may be given several times",
)
@click.option("--report", "form", type=click.Choice(list(FORMATS)), help="write a report, too")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="where to write the report; standard output if absent",
)
@click.option("--okta", metavar="URL", help="an Okta organization to use instead of the stand-in")
@click.option("--okta-app", metavar="ID", help="the id of its app that provisions to the server")
@click.option("--okta-token", help="an API token of that organization; asked for if absent")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    help="seconds to wait for an answer; after three without one the run ends",
)
@with_ca
@click.pass_context
def check(
    context: click.Context,
    url: str | None,
    token: str | None,
    suites: tuple[str, ...],
    form: str | None,
    output: str | None,
    okta: str | None,
    okta_app: str | None,
    okta_token: str | None,
    timeout: float,
    ca: str | None,
) -> None:
    """Check any SCIM server against the standard.

    URL is its SCIM base URL  [default: that of this server]. The checks create users and groups and
    delete them again, on this server for good. They do not change others. The exit status is 1 if
    the server breaks a rule that it must keep.
    """
    names = list(SUITES) if ALL in suites else list(suites)
    if output and not form:
        raise click.UsageError("--output needs --report, which names the format")
    if bool(okta) != bool(okta_app) or (okta_token and not okta):
        raise click.UsageError("--okta, --okta-app and --okta-token go together")
    if okta and OKTA_CRUD not in names:
        raise click.UsageError(f"--okta is for --suite {OKTA_CRUD}")
    url, token = find_target(url, token)
    with _cleaning_up(), closing(reach(url, token, ca, timeout)) as client:
        file = _opened(context, output) if output else None
        trust(None if okta else ca)  # for the stand-in
        with _organization(client, names, okta, okta_app, okta_token) as organization:
            service = Service(client, organization)
            try:
                report = _run(service, names)
            finally:
                script = context.ensure_object(ScriptInfo)
                for line in purge_run(script.load_app, client.base_url, token, service.made):
                    click.echo(line, err=True)
    for line in as_table(report):
        click.echo(printable(line), err=bool(form and output in (None, "-")))
    if form:
        click.echo(FORMATS[form](report), file=file)
    context.exit(1 if report.has_failed else 0)


def _opened(context: click.Context, output: str) -> IO[Any]:
    """Open the file of the report, so late that an earlier one outlives a wrong option or URL."""
    try:
        return context.with_resource(click.open_file(output, "w", encoding="utf-8"))
    except OSError as error:
        reason = f"{output!r}: {error.strerror}"
        raise click.BadParameter(reason, param_hint="--output") from None


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """Let whatever ends the process do as Ctrl+C does: what was made is deleted first."""
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = {end: signal.signal(end, signal.default_int_handler) for end in ends}
    try:
        yield
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)


def _organization(
    client: Client, names: list[str], okta: str | None, app: str | None, token: str | None
) -> AbstractContextManager[Organization | None]:
    """Return the Okta organization of the options, a stand-in, or None if no suite needs one."""
    if okta and app:
        return real_one(okta, (token or ask_for("Okta API token", "--okta-token")).strip(), app)
    if OKTA_CRUD in names:
        return stand_in(client.base_url, client.token or "")
    return nullcontext()


def _run(service: Service, suites: list[str]) -> Report:
    begun = datetime.now(UTC)
    with _progress(service.client.base_url, len(load(suites))) as advance:
        results = run(suites, service, advance)
    return Report(service.client.base_url, begun, results)


@contextmanager
def _progress(url: str, length: int) -> Iterator[Callable[[CheckResult], None]]:
    """Provide a function that shows progress: as a bar, or in lines where there is no terminal."""
    if sys.stderr.isatty():
        with click.progressbar(length=length, label="Checking", file=sys.stderr) as bar:
            yield lambda _: bar.update(1)
        return
    click.echo(f"Checking {printable(url)}: {length} checks", err=True)
    counts: Counter[Status] = Counter()

    def advance(result: CheckResult) -> None:
        counts[result.status] += 1
        if counts.total() % LINE_EVERY == 0:
            done = f"{counts.total()} of {length} checks"
            click.echo(f"{done}, {counts[Status.FAILED]} failed", err=True)

    yield advance
