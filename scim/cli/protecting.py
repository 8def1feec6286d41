"""``user protect``, ``unprotect`` and ``protected``: users whom no provider may take away."""

from typing import Any

import click
from flask.cli import with_appcontext

from scim.operate.protection import normalized
from scim.storage import Store, protections

from .common import database, explain_errors, find, of_tenant, say, store
from .names import find_user, name_of


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
    rule, mine = _rule(store(tenant), name, filter), find(tenant)
    if not database().write(lambda known: protections.add_rule(known, mine.id, rule)):
        raise click.ClickException(f"there is such a rule already: {rule}")
    say(f"Protected: {rule}")


@click.command("unprotect")
@with_rule
@of_tenant
@with_appcontext
def unprotect(name: str | None, filter: str | None, tenant: str) -> None:
    """End a protection: give what `user protect` was given."""
    opened, mine = store(tenant), find(tenant)
    rule = f'id eq "{name}"' if name and _is_rule(mine.id, name) else _rule(opened, name, filter)
    if not database().write(lambda known: protections.remove_rule(known, mine.id, rule)):
        raise click.ClickException(
            f"there is no rule {rule}; `python manage.py user protected` shows all"
        )
    say(f"No longer protected: {rule}")


@click.command("protected")
@of_tenant
@with_appcontext
def show(tenant: str) -> None:
    """Show the rules that protect users."""
    opened, mine = store(tenant), find(tenant)
    rules = database().read(lambda known: protections.rules_of(known, mine.id))
    for rule in rules:
        named = name_of(opened, rule[7:-1]) if rule.startswith('id eq "') else ""
        say(f"{rule}  {named}".rstrip())
    if not rules:
        say("No user is protected.")


def _rule(opened: Store, name: str | None, filter: str | None) -> str:
    if (name is None) == (filter is None):
        raise click.UsageError("give either the NAME of a user or --filter")
    if name is not None:
        return f'id eq "{find_user(opened, name)}"'
    with explain_errors():
        return normalized(filter or "", opened.directory.definitions.by_name["User"])


def _is_rule(tenant_id: int, user_id: str) -> bool:
    """Tell whether a rule names a user, who may be gone."""
    rules = database().read(lambda known: protections.rules_of(known, tenant_id))
    return f'id eq "{user_id}"' in rules
