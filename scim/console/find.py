"""The palette finds people, groups and exchanges (`/find`)."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from scim.explain.exchange import Exchange
from scim.explain.sentences.sentence import sentence
from scim.explain.words import plain
from scim.storage import is_id

from .asked import this_store
from .directory.blueprint import given
from .links import with_tenant
from .state import state

MOST = 15
LONGEST = 200  # characters that are looked for

bp = Blueprint("find", __name__)


@bp.get("/find")
def find() -> ResponseReturnValue:
    """Answer with at most 15 entries for ``q``: a name or a part of it, an id, a request id."""
    text = given("q")[:LONGEST]
    found = [*_exchanges(text), *_resources(text)] if text else []
    return jsonify(found[:MOST])


def _exchanges(text: str) -> Iterator[dict[str, Any]]:
    number = text.removeprefix("#")
    recordings = state().recordings
    if number.isascii() and number.isdigit() and len(number) < 19:
        exchange = recordings.get(int(number))
        if exchange:
            yield _exchange(exchange)
    for exchange in recordings.find(text):
        yield _exchange(exchange)


def _exchange(exchange: Exchange) -> dict[str, Any]:
    name = f"#{exchange.number} {sentence(exchange)}"
    return _entry("exchange", name, f"/exchange/{exchange.number}")


def _resources(text: str) -> Iterator[dict[str, Any]]:
    store = this_store()
    if is_id(text.lower()):
        known = store.browse(lambda read: read.names([text.lower()]))
        found = [each for each in known.values() if each.type]
    else:
        found = store.browse(lambda read: read.find(text, MOST))
    for each in found:
        beside = f" · {plain(each.user_name)}" if each.user_name not in ("", each.name) else ""
        kind = "deleted" if each.is_deleted else each.type.lower()
        yield _entry(kind, f"{plain(each.name)}{beside}", f"/directory/{each.type}/{each.id}")


def _entry(kind: str, name: str, path: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "url": with_tenant(path)}
