"""``explain``: what a filter finds and what a PATCH does, in plain words."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, TextIO

import click
from flask.cli import with_appcontext

from scim import provider
from scim.explain import filters, patches
from scim.explain.changes.differences import difference
from scim.explain.secrets.masking import Masker, never_returned
from scim.printing import printable
from scim.protocol.errors import ScimError
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER, Record
from scim.storage import Query, Selection, Store

from .common import database, explain_errors, of_tenant, say, say_list, service, store
from .names import find_alive, with_name

OPERATIONS = "Operations"
SHOWN = 100  # resources on the first page


@click.group()
def explain() -> None:
    """Explain a request, a filter or a PATCH in plain words."""


@explain.command("filter")
@click.argument("text", metavar="FILTER")
@click.option("--type", "type_name", default="User", help="User, Group or another resource type")
@of_tenant
@with_appcontext
def explain_filter(text: str, type_name: str, tenant: str) -> None:
    """Say what a filter finds, and how it is read.

    For example: 'userName sw "b" and active eq true'. Tolerances are named: a strict tenant has
    none.
    """
    opened, tolerated = store(tenant), Tolerated()
    resource_type = _type(opened, type_name)
    with explain_errors():
        request = provider.Request(tolerated)
        node, chosen, found = provider.read_filter(opened, resource_type, text, request, SHOWN)
        statements = _statements(opened, Query((chosen,), limit=SHOWN))
        everything = opened.query(Query((Selection(resource_type),), limit=0))
    say(filters.sentence(node, resource_type))
    say(f"Here it finds {found.total} of {everything.total}.")
    say_list("The filter as a tree", filters.tree(node))
    say_list("How values are compared", filters.rules(node, resource_type))
    say_list("Tolerances that it needs; strict tenants refuse it", tolerated.used)
    say_list("The statements for the first page", statements)


@explain.command("patch")
@with_name
@click.argument("file", type=click.File(encoding="utf-8"))
@of_tenant
@with_appcontext
def explain_patch(name: str, type_name: str | None, file: TextIO, tenant: str) -> None:
    """Say step by step what a PATCH would do.

    NAME is a userName, a displayName or an id. Nothing is changed.
    FILE has the body of the PATCH, `-` is standard input.
    """
    opened = store(tenant)
    resource_id = find_alive(opened, name, type_name)
    sent, operations = _read_patch(file)
    resource_type, before = _shown(opened, resource_id)
    masker = Masker(never_returned([resource_type]))

    @cache
    def tried(count: int) -> tuple[str, ScimError | None]:
        """Return the resource after the first operations, or unchanged with the error."""
        part = sent | {OPERATIONS: operations[:count]}
        try:
            return _tried(opened, resource_type, resource_id, part, used), None
        except ScimError as error:
            return before, error

    used = Tolerated()
    for step in patches.steps(operations, before, tried, masker.value):
        say(f"{step.number}. {step.sentence}")
        if not step.is_refused:
            say_list("", _changes(step))
    _, refusal = tried(len(operations))
    if not operations:
        say("The PATCH has no operations.")
    if len(operations) > patches.MOST_STEPS:
        say(f"and {len(operations) - patches.MOST_STEPS} more operations")
    say_list("Tolerances that it needs; strict tenants refuse it", used.used)
    if refusal:
        masker.value(operations)  # the masker learns the secrets, which the detail may repeat
        detail = printable(masker.detail(refusal.detail))
        why = f"{refusal.status} {refusal.scim_type or ''}: {detail}"
        raise click.ClickException(f"the server would answer {why}, and store nothing of it")


def _changes(step: patches.Step) -> list[str]:
    if step.error:
        return ["only together with what follows"]
    lines = difference(step.before, step.after)
    nothing = "no change that is ever shown" if step.is_hidden else "no change"
    return [each for each in lines if not each[2:].startswith("meta.")] or [nothing]


def _read_patch(file: TextIO) -> tuple[Record, list[Any]]:
    """Return the body of a PATCH, and its operations.

    :raises click.ClickException: the file has none; the message says what is there instead
    """
    try:
        sent = json.load(file)
        Masker(()).value(sent)
        json.dumps(sent, ensure_ascii=False).encode()  # half a surrogate cannot be stored
    except RecursionError:
        raise click.ClickException(f"{file.name} is nested too deeply") from None
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from None
    names = {name.lower(): name for name in sent} if isinstance(sent, dict) else {}
    operations = sent[names["operations"]] if "operations" in names else None
    if not isinstance(operations, list):
        raise click.ClickException(
            f"{file.name} is no PATCH; that is an object such as "
            '{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [...]}'
        )
    rest = {name: value for name, value in sent.items() if name.lower() != "operations"}
    return rest | {OPERATIONS: operations}, operations


def _type(opened: Store, name: str) -> ResourceType:
    known = {each.name.lower(): each for each in opened.directory.definitions.by_name.values()}
    if name.lower() not in known:
        raise click.UsageError(f"--type: there is no resource type {name!r}")
    return known[name.lower()]


def _statements(opened: Store, query: Query) -> list[str]:
    """Return the statements that read the first page of a query."""
    statements: list[str] = []

    def note(text: str, values: Callable[[], Any] | None, seconds: float, rows: int | None) -> None:
        if values:
            shown = f"{' '.join(text.split())}  {values()}"
            statements.append(f"{1000 * seconds:.1f} ms  {shown}")

    watched = database()
    watched.observe(note)
    try:
        opened.query(query)
    finally:
        watched.observe(None)
    return statements


def _shown(opened: Store, resource_id: str) -> tuple[ResourceType, str]:
    """Return the type and the JSON of a resource."""
    for resource_type in opened.directory.definitions.by_name.values():
        if opened.get(resource_type, resource_id, with_related=False):
            shown = provider.get(opened, resource_type, resource_id, provider.Request(Tolerated()))
            return resource_type, _with_urls(shown.text)
    raise click.ClickException(f"there is no user or group with the id {resource_id}")


def _tried(
    opened: Store, resource_type: ResourceType, resource_id: str, sent: Any, used: Tolerated
) -> str:
    """Return the JSON of a resource as a PATCH would leave it; nothing is kept."""
    request = provider.Request(Tolerated(is_dry=True))
    shown = opened.rehearse(
        lambda rehearsed: provider.patch(rehearsed, resource_type, resource_id, sent, request)
    )
    used.used |= request.tolerated.used
    return _with_urls(shown.text)


def _with_urls(text: str) -> str:
    return text.replace(PLACEHOLDER, service().settings.base_url)
