"""Parts of texts, found by PostgreSQL's trigram index on users.

The index cannot answer a jsonpath. So a LIKE is added that is true wherever the jsonpath is: the
index finds the rows of the LIKE, and the jsonpath decides among them.
"""

import json
import re
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.nodes import And, Or
from scim.protocol.filters.resolve import Compare, Condition, Some

from .jsonpath import compare_text

INDEXED = ("co", "sw", "ew")  # operators that the index answers
TRIGRAM = re.compile(r"[^\W_]{3}")  # the index cannot look for a shorter text


def likeness(condition: Condition, search: Any) -> sa.ColumnElement[bool] | None:
    """Return a LIKE that is true wherever the condition is, for the index; None without one."""
    match condition:
        case Compare(("displayname",), _, operator, str(value)) if _is_indexed(operator, value):
            asked: sa.ColumnElement[bool] = compare_text(
                _text(search, "displayname"), operator, value
            )
            return asked
        case Some(("emails",), _, inner):
            return _of_emails(inner, _text(search, "emails"))
    return None


def _is_indexed(operator: str, value: str) -> bool:
    return operator in INDEXED and TRIGRAM.search(value) is not None


def _text(search: Any, key: str) -> Any:
    return search.op("->>", return_type=sa.Text())(sa.literal_column(f"'{key}'"))


def _of_emails(condition: Condition, text: Any) -> sa.ColumnElement[bool] | None:
    """Return the LIKE for the JSON text of emails of which one meets the condition, or None."""
    match condition:
        case Compare(("value",), _, operator, str(value)) if _is_indexed(operator, value):
            part = json.dumps(value, ensure_ascii=False)[1:-1]
            part = {"sw": f'"{part}', "ew": f'{part}"'}.get(operator, part)
            like: sa.ColumnElement[bool] = text.contains(part, autoescape=True)
            return like
        case And(terms):
            found = [each for term in terms if (each := _of_emails(term, text)) is not None]
            return sa.and_(*found) if found else None
        case Or(terms):
            found = [each for term in terms if (each := _of_emails(term, text)) is not None]
            return sa.or_(*found) if found and len(found) == len(terms) else None
    return None
