"""The blueprint of the directory, and how its pages read and show what people asked for."""

import json
from typing import Any

from flask import Blueprint, abort, request

from scim.explain import words
from scim.explain.bodies import name_of
from scim.explain.changes.differences import Difference, changes
from scim.explain.changes.referring import referred, with_names
from scim.protocol.values import UNSTORABLE
from scim.storage import is_id

from ..asked import this_store, with_urls
from ..exchanges.changed import plain
from ..exchanges.changed import short as short_ones

SHORT = 120  # characters of a name

bp = Blueprint("directory", __name__)


@bp.app_template_filter("short")
def short(text: Any) -> str:
    """Return a text of clients in one line that fits a heading or a row."""
    return words.plain(text, SHORT)


bp.add_app_template_filter(name_of)


def given(name: str) -> str:
    """Return a parameter of the URL, without characters that no database can look for."""
    return UNSTORABLE.sub("", request.args.get(name, "")).strip()


def this_id(text: str) -> str:
    """Return an id in a URL in small letters."""
    return text.lower() if is_id(text.lower()) else abort(404, "No resource has this id.")


def difference(before: str | None, after: str | None) -> list[Difference]:
    """Return what changed from one stored body to another, as it is shown, with names for ids."""
    found = short_ones(changes(plain(before), plain(after)))
    ids = referred(found)
    names = this_store().browse(lambda known: known.names(ids)) if ids else {}
    return with_names(found, {each: named.name for each, named in names.items()})


def read_json(text: str) -> Any:
    """Return the value of JSON text that this server made."""
    return json.loads(with_urls(text), strict=False)
