"""Keeps the application's users as the identity provider has them.

Each function is called in the transaction of the change: either both are stored or neither is.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Login, User
from scim.deliver.signals import before
from scim.protocol.errors import ConflictError


def values_of(person):
    """Return the columns of a user; ``person`` is a SCIM user."""
    emails = person.get("emails", [])
    chosen = [each for each in emails if each.get("primary")] or emails
    return {
        "external_id": person.get("externalId"),
        "user_name": person["userName"],
        "email": chosen[0]["value"] if chosen else None,
        "name": person.get("displayName") or person["userName"],
        "is_active": person.get("active", True),
    }


@before.user_created.connect
def create(tenant, event):
    """Add a user, or take over the one who signed up before provisioning began."""
    values = values_of(event.after)
    with Session(event.connection) as session:
        user = session.scalar(select(User).where(User.user_name == values["user_name"]))
        if user and user.scim_id:
            raise ConflictError(f"{values['user_name']} is the name of another user")
        user = user or User()
        session.add(user)
        user.scim_id = event.id
        update(user, values)
        session.commit()  # into the transaction, which ends later


@before.user_changed.connect
@before.user_activated.connect
@before.user_deactivated.connect
def change(tenant, event):
    """Rename a user, and so on; whoever is inactive is logged out."""
    with Session(event.connection) as session:
        user = session.scalar(select(User).where(User.scim_id == event.id))
        update(user, values_of(event.after))
        if not user.is_active:
            session.execute(delete(Login).where(Login.user_id == user.id))
        session.commit()


@before.user_deleted.connect
def remove(tenant, event):
    """Delete a user with all sessions."""
    with Session(event.connection) as session:
        session.delete(session.scalar(select(User).where(User.scim_id == event.id)))
        session.commit()


def update(user, values):
    """Set the columns of a user."""
    for name, value in values.items():
        setattr(user, name, value)
