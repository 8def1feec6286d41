"""The keys that sign security event tokens, each as a private and a public JWK in JSON.

The newest key whose time has come signs. The one before it stays known, so that tokens can be
verified that are on their way; its private half goes with the next ``tidy``.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from .keys import now
from .tables import signing_keys


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, which signs from the instant ``starts`` on; ``repr`` does not show the private half.

    ``private`` is None if a later key has taken its place for good.
    """

    kid: str
    private: str | None = field(repr=False)
    public: str
    created: str
    starts: str


NAMES = SigningKey.__slots__
COLUMNS = [signing_keys.c[name] for name in NAMES]


def signing_key(connection: sa.Connection) -> SigningKey | None:
    """Return the key that signs now; None if there is none."""
    started = signing_keys.c.starts <= now()
    row = connection.execute(_newest_first().where(started).limit(1)).one_or_none()
    return SigningKey(*row) if row else None


def list_keys(connection: sa.Connection) -> list[SigningKey]:
    """Return all keys, the newest first."""
    return [SigningKey(*row) for row in connection.execute(_newest_first())]


def add_key(
    connection: sa.Connection, kid: str, private: str, public: str, starts: str
) -> SigningKey:
    """Store a key that signs from an instant on, and return it."""
    made = SigningKey(kid, private, public, now(), starts)
    connection.execute(sa.insert(signing_keys), {name: getattr(made, name) for name in NAMES})
    return made


def forget_other_keys(connection: sa.Connection, key: SigningKey) -> None:
    """Delete all keys but this one."""
    connection.execute(sa.delete(signing_keys).where(signing_keys.c.kid != key.kid))


def tidy_keys(connection: sa.Connection, before: str) -> None:
    """Forget keys that another one replaced before an instant.

    The private halves of all that are replaced go at once.
    """
    keys = list_keys(connection)
    at = now()
    replaced = [(key.kid, later.starts) for later, key in pairwise(keys) if later.starts <= at]
    kids = signing_keys.c.kid.in_([kid for kid, _ in replaced])
    connection.execute(sa.update(signing_keys).where(kids).values(private=None))
    gone = [kid for kid, since in replaced if since < before]
    connection.execute(sa.delete(signing_keys).where(signing_keys.c.kid.in_(gone)))


def _newest_first() -> sa.Select[Any]:
    return sa.select(*COLUMNS).order_by(signing_keys.c.starts.desc(), signing_keys.c.kid)
