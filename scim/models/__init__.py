"""The tables: columns, constraints and indexes only; scim/storage reads and writes the rows.

``users``, ``groups`` and ``resources`` (all other types) have the same shape. ``link`` has the
users in each group, ``nesting`` the groups in each group; no body has either. ``trash`` has the
deleted resources, ``changes`` the history. docs/tables.md draws them.
"""

from .base import Base, Id, Instant, PlainText
from .changes import Change, MemberChange, Release, Trash
from .deferred import DeferredRequest, DeferredResult
from .delivery import FeedMember, Message, Receiver, SigningKey
from .operating import Braking, Entry, Import, LogPosition, Protection, Total, Unchained
from .resources import DefinedResource, Group, Link, Nesting, Referral, UniqueValue, User
from .tenants import AccessToken, Assertion, Client, Tenant, Token

__all__ = [
    "AccessToken",
    "Assertion",
    "Base",
    "Braking",
    "Change",
    "Client",
    "DeferredRequest",
    "DeferredResult",
    "DefinedResource",
    "Entry",
    "FeedMember",
    "Group",
    "Id",
    "Import",
    "Instant",
    "Link",
    "LogPosition",
    "MemberChange",
    "Message",
    "Nesting",
    "PlainText",
    "Protection",
    "Receiver",
    "Referral",
    "Release",
    "SigningKey",
    "Tenant",
    "Token",
    "Total",
    "Trash",
    "Unchained",
    "UniqueValue",
    "User",
]
