"""The operations of a SCIM service provider.

Each takes the store of a tenant and what the client sent, and returns what to answer. An operation
knows nothing of HTTP or SQL: the rules are in ``scim/protocol``, the rows in ``scim/storage``.
``recovery`` holds the operations that only an operator has.
"""

from . import delta
from .bulk import carry_out
from .cursors import Cursors, scope
from .operations import Request, create, delete, get, patch, replace
from .queries import PageSize, query, read_filter

__all__ = [
    "Cursors",
    "PageSize",
    "Request",
    "carry_out",
    "create",
    "delete",
    "delta",
    "get",
    "patch",
    "query",
    "read_filter",
    "replace",
    "scope",
]
