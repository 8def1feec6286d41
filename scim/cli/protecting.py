"""``user protect``, ``unprotect`` and ``protected``: users whom no provider may take away."""

import re
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from scim.operate.protection import normalized
from scim.storage import Store, protections
from scim.storage.keys import ID

from .common import database, explain_errors, of_tenant, say, store
from .names import find_user, name_of

OF_ID = re.compile(rf'id eq "({ID.pattern})"', re.ASCII)


def with_rule(command: Any) -> Any:
    """Give a command the user or the filter that a rule is about."""
    option = click.option(
        "--filter", metavar="FILTER", help="all users whom a filter of SCIM finds, now and later"
    )
    return click.argument("name", required=False)(option(command))


@click.command("protect")
@with_rule
@of_tenant
@with_appcontext
def protect(name: str | None, filter: str | None, tenant: str) -> None:
    """Protect a user from deactivation, deletes and renames.

    NAME is a userName or an id. Commands and the console still can. Running servers follow within
    seconds.
    """
    opened = store(tenant)
    rule = _rule(opened, name, filter)
    if not database().write(lambda known: protections.add_rule(known, opened.tenant_id, rule)):
        raise click.ClickException(f"there is such a rule already: {rule}")
    say(f"Protected: {rule}")


@click.command("unprotect")
@with_rule
@of_tenant
@with_appcontext
def unprotect(name: str | None, filter: str | None, tenant: str) -> None:
    """End a protection: give what `user protect` was given."""
    opened = store(tenant)
    is_id = name is not None and _of_id(name) in _rules(opened)  # perhaps of a user who is gone
    rule = _of_id(name) if name and is_id else _rule(opened, name, filter)
    if not database().write(lambda known: protections.remove_rule(known, opened.tenant_id, rule)):
        raise click.ClickException(
            f"there is no rule {rule}; `python manage.py user protected` shows all"
        )
    say(f"No longer protected: {rule}")


@click.command("protected")
@of_tenant
@with_appcontext
def show(tenant: str) -> None:
    """Show the rules that protect users."""
    opened = store(tenant)
    rules = _rules(opened)
    for rule in rules:
        found = OF_ID.fullmatch(rule)
        say(f"{rule}  {name_of(opened, found[1]) if found else ''}".rstrip())
    if not rules:
        say("No user is protected.")


def _rule(opened: Store, name: str | None, filter: str | None) -> str:
    if (name is None) == (filter is None):
        raise click.UsageError("give either the NAME of a user or --filter")
    if name is not None:
        return _of_id(find_user(opened, name))
    with explain_errors():
        return normalized(filter or "", opened.directory.definitions.by_name["User"])


def _of_id(user_id: str) -> str:
    return f'id eq "{user_id}"'


def _rules(opened: Store) -> Sequence[str]:
    return database().read(lambda known: protections.rules_of(known, opened.tenant_id))
