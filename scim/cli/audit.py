"""``audit``: the changes of a tenant as a chain of hashes, for whoever has to believe them."""

from typing import IO

import click
from flask import current_app
from flask.cli import with_appcontext

from scim.operate import audit_file
from scim.operate.audit import Verdict, verify
from scim.operate.chaining import Chaining, head_of
from scim.printing import printable
from scim.service import Service
from scim.storage.audit import Audit, Head
from scim.storage.chain import Chain
from scim.storage.seal import Seal
from scim.storage.tokens import Tenant

from .common import chosen, explain_errors, find, of_all_tenants, of_tenant, say, service
from .times import instant

HOW_TO_BEGIN = (
    "there is no audit without SCIM_AUDIT_KEY; print a key with "
    "`python -c 'import secrets; print(secrets.token_hex(32))'`, set it and restart the server"
)
TAKE_UP = (
    "they were made without SCIM_AUDIT_KEY, or somebody inserted them; "
    "`python manage.py audit chain --take-up` chains them as they are"
)
NOT_BEGUN = (
    "nothing is chained; if the audit has just begun, `python manage.py audit chain` does it, "
    "and so does a server with SCIM_AUDIT_KEY"
)


def head(_: click.Context, __: click.Parameter, value: str | None) -> Head | None:
    """Return the head that the value of an option is, as ``audit verify`` prints it."""
    try:
        return Head.read(value) if value else None
    except ValueError:
        raise click.BadParameter("a head is a number, a colon and 64 hexadecimal digits") from None


@click.group()
def audit() -> None:
    """Export and verify the audit of a tenant.

    It is the history, chained so that nobody changes it unseen.
    """


@audit.command("export")
@click.option("--since", metavar="WHEN", callback=instant, help="begin with 30m, 7d or 2026-11-29")
@of_tenant
@with_appcontext
def export(since: str | None, tenant: str) -> None:
    """Print the audit as JSON Lines.

    Each line has a change, its hash and the hash before it. The last line has the head.
    """
    opened, found = _opened(), find(tenant)
    entries = Chain(opened.database, found.id).entries(since or "")
    for line in audit_file.lines(entries, found.name):
        click.echo(line, nl=False)


@audit.command("verify")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--head", "noted", metavar="HEAD", callback=head, help="a head that was noted before")
@of_tenant
@of_all_tenants
@with_appcontext
def verify_audit(file: IO[str] | None, noted: Head | None, tenant: str, of_all: bool) -> None:
    """Verify that no entry was edited, removed or moved.

    With FILE, verify an exported audit, without the database. Only a head that was noted elsewhere
    shows whether the end is there.
    """
    if noted and of_all:
        raise click.UsageError("--head is of one tenant, --all-tenants of many")
    if file:
        found = [_verify_file(file, noted)]
    else:
        opened = _opened()
        found = [_verify(opened, each, noted) for each in chosen(tenant, of_all)]
    for name, verdict, waiting in found:
        if not verdict.fault:
            say(_line(name, verdict, waiting))
    if wrong := [f"{name}: {verdict.fault}" for name, verdict, _ in found if verdict.fault]:
        raise click.ClickException(printable("; ".join(wrong)))


@audit.command("chain")
@click.option("--take-up", is_flag=True, help="chain changes, too, that were made without the key")
@of_tenant
@of_all_tenants
@with_appcontext
def chain(take_up: bool, tenant: str, of_all: bool) -> None:
    """Chain the changes that wait, as a server does each second."""
    opened, chaining = _opened(), Chaining()
    for each in chosen(tenant, of_all):
        before = head_of(opened, each).number
        if take_up:
            chaining.take_up(each)
        with explain_errors():
            while chaining.step(opened, each):
                pass
        after = head_of(opened, each)
        say(f"chained {after.number - before} changes of {each.name}; head {after}")
        unknown, _ = Chain(opened.database, each.id).unknown()
        if unknown:
            say(f"not in the audit: {unknown} more; {TAKE_UP}")


def _opened() -> Service:
    """Return the service, which has a key.

    :raises click.ClickException: there is none, or the database cannot be used
    """
    opened = service()
    _key(opened)
    return opened


def _key(opened: Service) -> str:
    if not opened.settings.audit_key:
        raise click.ClickException(HOW_TO_BEGIN)
    return opened.settings.audit_key


def _verify(opened: Service, tenant: Tenant, noted: Head | None) -> tuple[str, Verdict, int]:
    """Return the tenant's name, what is verified of its chain, and how many changes wait."""
    chain = Chain(opened.database, tenant.id)
    verdict = verify(chain.entries(), Seal(_key(opened), tenant.name), noted)
    waiting = opened.database.read(lambda known: Audit(known, tenant.id, None).waiting())
    unknown, first = chain.unknown()
    if first and not verdict.fault:
        what = f"{first.resource_type} {first.resource_id} version {first.version}"
        why = TAKE_UP if verdict.verified else NOT_BEGUN
        verdict.fault = f"changes are not in the audit: {what}, {unknown} in all; {why}"
    return tenant.name, verdict, waiting


def _verify_file(file: IO[str], noted: Head | None) -> tuple[str, Verdict, int]:
    opened: Service = current_app.extensions["scim"]
    key = _key(opened)
    try:
        exported = audit_file.read(file)
        return (
            exported.tenant,
            verify(exported.entries, Seal(key, exported.tenant), noted),
            0,
        )
    except (audit_file.MalformedError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file.name}: {error}") from None


def _line(tenant: str, verdict: Verdict, waiting: int) -> str:
    """Return what is verified, in a line."""
    part = f" from entry {verdict.first} on" if verdict.first > 1 else ""
    beside = [f"{verdict.purged} are purged"] if verdict.purged else []
    beside += [f"{waiting} wait to be chained"] if waiting else []
    also = f" ({', '.join(beside)})" if beside else ""
    return f"verified {verdict.verified} changes of {tenant}{part}{also}; head {verdict.head}"
