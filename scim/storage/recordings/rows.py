"""The tables of what is recorded, and exchanges as rows."""

import json
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from scim.explain.exchange import Check, Exchange, Made, Message, Statement
from scim.models import Instant, PlainText

PARTS: dict[str, Any] = {"statements": Statement, "made": Made, "checks": Check}
SIDES = ("request", "answer")
KNOWN = {each.name for each in fields(Exchange)}
PLAIN = KNOWN - {"number", "id", "at", "is_marked", *SIDES, *PARTS}

RECORDED = sa.MetaData()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
exchanges = sa.Table(
    "recorded_exchanges",
    RECORDED,
    sa.Column("number", NUMBER, sa.Identity(), primary_key=True),
    sa.Column("id", PlainText, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("is_marked", sa.Boolean, nullable=False),
    sa.Column("known", PlainText, nullable=False),  # all the rest, as JSON
    sa.Column("request_body", PlainText, nullable=False),
    sa.Column("answer_body", PlainText, nullable=False),
    sqlite_autoincrement=True,  # no number is used again
)
drops = sa.Table("recorded_drops", RECORDED, sa.Column("dropped", sa.BigInteger, nullable=False))
links = sa.Table(
    "console_links",
    RECORDED,
    sa.Column("url", PlainText, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("read_only", sa.Boolean, nullable=False),
)

ENCODE = json.JSONEncoder(check_circular=False).encode


def row_of(exchange: Exchange) -> dict[str, Any]:
    """Return the row of an exchange."""
    known: dict[str, Any] = {name: getattr(exchange, name) for name in PLAIN}
    for name in PARTS:
        parts = getattr(exchange, name)
        known[name] = [[getattr(each, key) for key in each.__slots__] for each in parts]
    for name in SIDES:
        side = getattr(exchange, name)
        known[name] = {"headers": side.headers, "size": side.size, "is_cut": side.is_cut}
    return {
        "id": storable(exchange.id),
        "at": exchange.at,
        "is_marked": exchange.is_marked,
        "known": ENCODE(known),
        "request_body": storable(exchange.request.body),
        "answer_body": storable(exchange.answer.body),
    }


def storable(text: str) -> str:
    """Return text with ``\ufffd`` for what no database stores: NUL, and half a surrogate pair."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.replace("\0", "\ufffd")


def exchange_of(row: Any) -> Exchange:
    """Return the exchange in a row, which an older version may have written."""
    known = {name: value for name, value in json.loads(row.known).items() if name in KNOWN}
    for name, part in PARTS.items():
        known[name] = tuple(part(*each) for each in known.get(name, ()))
    for name, body in zip(SIDES, (row.request_body, row.answer_body), strict=True):
        headers = tuple((key, value) for key, value in known[name].pop("headers"))
        known[name] = Message(headers, body, **known[name])
    known["tolerated"] = tuple(known.get("tolerated", ()))
    return Exchange(number=row.number, id=row.id, at=row.at, is_marked=row.is_marked, **known)
