"""``check``: tests a SCIM server against the standard and what identity providers expect."""

import sys
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from typing import TextIO

import click

from scim.conformance.checks import SUITES, load, run
from scim.conformance.client import Client, NoAnswerError
from scim.conformance.okta.organization import Organization
from scim.conformance.reports.junit import as_junit
from scim.conformance.reports.page import as_page
from scim.conformance.reports.terminal import Report, as_json, as_table
from scim.conformance.service import Service
from scim.printing import printable

from .organization import real_one, stand_in
from .target import ask_for, find_target

FORMATS = {"html": as_page, "json": as_json, "junit": as_junit}
ALL, OKTA_CRUD = "all", "okta-crud"


@click.command()
@click.argument("url", required=False)
@click.option("--token", help="the bearer token; asked for unless the server is this one")
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
    type=click.File("w", encoding="utf-8", lazy=False),
    help="where to write the report; standard output if absent",
)
@click.option("--okta", metavar="URL", help="an Okta organization to use instead of the stand-in")
@click.option("--okta-app", metavar="ID", help="the id of its app that provisions to the server")
@click.option("--okta-token", help="an API token of that organization; asked for if absent")
@click.pass_context
def check(
    context: click.Context,
    url: str | None,
    token: str | None,
    suites: tuple[str, ...],
    form: str | None,
    output: TextIO | None,
    okta: str | None,
    okta_app: str | None,
    okta_token: str | None,
) -> None:
    """Check any SCIM server; URL is its SCIM base URL  [default: this server's].

    The checks create users and groups and delete them again. They do not change others. The exit
    status is 1 if the server breaks a rule that it must keep.
    """
    names = list(SUITES) if ALL in suites else list(suites)
    if output and not form:
        raise click.UsageError("--output needs --report, which names the format")
    if bool(okta) != bool(okta_app) or (okta_token and not okta):
        raise click.UsageError("--okta, --okta-app and --okta-token go together")
    if okta and OKTA_CRUD not in names:
        raise click.UsageError(f"--okta is for --suite {OKTA_CRUD}")
    url, token = find_target(url, token)
    with (
        closing(_client(url, token)) as client,
        _organization(client, names, okta, okta_app, okta_token) as organization,
    ):
        report = _run(Service(client, organization), names)
    for line in as_table(report):
        click.echo(printable(line), err=bool(form and not output))
    if form:
        click.echo(FORMATS[form](report), file=output)
    context.exit(1 if report.has_failed else 0)


def _client(url: str, token: str) -> Client:
    """Return a client of a server that answers and accepts the token."""
    try:
        client = Client(url, token)
        status = client.get("/Users", query={"count": 1}).status
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    except NoAnswerError as error:
        raise click.ClickException(printable(str(error))) from None
    if status in (401, 403):
        client.close()
        raise click.ClickException(f"the server refuses the token: it answers {status}")
    return client


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
    with click.progressbar(length=len(load(suites)), label="Checking", file=sys.stderr) as bar:
        results = run(suites, service, lambda _: bar.update(1))
    return Report(service.client.base_url, begun, results)
