"""``user`` and ``group``: what is in a tenant's directory, a line for each resource."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import click
from flask.cli import with_appcontext

from scim.protocol.filters.nodes import AttributePath, Comparison, Filter, Or
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import locate, resolve
from scim.protocol.schema import ResourceType
from scim.storage import Page, Query, Selection, Store, Stored, kind_of

from .common import explain_errors, of_tenant, say, store

SHOWN = 100
AT_ONCE = 1000
WORD = re.compile(r'[^\s"()\[\]]+')


@click.group()
def user() -> None:
    """Show users, and protect some from their provider."""


@click.group()
def group() -> None:
    """Show groups."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that lists resources its parameters."""
    command = of_tenant(with_appcontext(command))
    every = click.option("--all", "shows_all", is_flag=True, help=f"show all, not only {SHOWN}")
    return click.argument("filter", required=False)(every(command))


@user.command("list")
@_options
def list_users(filter: str | None, shows_all: bool, tenant: str) -> None:
    """Show users by userName, with their displayName and id.

    FILTER is a part of a name, or a filter of SCIM: 'active eq false'.
    """
    _list(store(tenant), "User", filter, shows_all)


@group.command("list")
@_options
def list_groups(filter: str | None, shows_all: bool, tenant: str) -> None:
    """Show groups by displayName, with their id.

    FILTER is a part of a name, or a filter of SCIM: 'displayName sw "Sales"'.
    """
    _list(store(tenant), "Group", filter, shows_all)


def _list(opened: Store, type_name: str, text: str | None, shows_all: bool) -> None:
    resource_type = opened.directory.definitions.by_name[type_name]
    with explain_errors():
        condition = resolve(_read(text, resource_type), resource_type) if text else None
        name = locate(kind_of(resource_type).name, resource_type)
        selection = Selection(resource_type, condition, name, with_related=False)
        pages = _pages(opened, selection, AT_ONCE if shows_all else SHOWN)
        first = next(pages)
        for page in chain([first], pages if shows_all else ()):
            for each in page.resources:
                say(_line(each.stored))
    left = first.total - len(first.resources)
    if left and not shows_all:
        say(f"and {left} more; --all shows them, FILTER finds some")
    elif not first.total:
        say(f"No {type_name.lower()} matches." if text else f"There is no {type_name.lower()}.")


def _read(text: str, resource_type: ResourceType) -> Filter:
    """Return a filter; a single word is a part of a name."""
    if not WORD.fullmatch(text):
        return parse_filter(text)
    names = dict.fromkeys((kind_of(resource_type).name, "displayName"))
    parts: list[Filter] = [Comparison(AttributePath(name), "co", text) for name in names]
    return Or(tuple(parts)) if len(parts) > 1 else parts[0]


def _pages(opened: Store, selection: Selection, size: int) -> Iterator[Page]:
    """Yield the pages of a list; the first has the number of all that match."""
    query: Query | None = Query((selection,), limit=size, walks=True)
    while query:
        page = opened.query(query)
        yield page
        following = replace(query, position=page.last, with_total=False)
        query = following if page.goes_on else None


def _line(stored: Stored) -> str:
    document = json.loads(stored.body, strict=False)
    names = [document.get(name) for name in ("userName", "displayName")]
    state = "inactive" if document.get("active") is False else ""
    return "  ".join(filter(None, [stored.id, *dict.fromkeys(names), state]))
