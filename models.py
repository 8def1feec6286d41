"""The tables as Flask-SQLAlchemy serves them: ``db`` has their metadata, engine and session.

scim/models has their columns, where an application that embeds the server finds them, too.
"""

from flask_sqlalchemy import SQLAlchemy

from scim.models import (
    AccessToken,
    Assertion,
    Base,
    Braking,
    Change,
    Client,
    DeferredRequest,
    DeferredResult,
    DefinedResource,
    Entry,
    FeedMember,
    Group,
    Import,
    Link,
    LogPosition,
    MemberChange,
    Message,
    Nesting,
    Protection,
    Receiver,
    Referral,
    Release,
    SigningKey,
    Tenant,
    Token,
    Total,
    Trash,
    Unchained,
    UniqueValue,
    User,
)

__all__ = [
    "AccessToken",
    "Assertion",
    "Braking",
    "Change",
    "Client",
    "DeferredRequest",
    "DeferredResult",
    "DefinedResource",
    "Entry",
    "FeedMember",
    "Group",
    "Import",
    "Link",
    "LogPosition",
    "MemberChange",
    "Message",
    "Nesting",
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
    "db",
]

db = SQLAlchemy(model_class=Base)
