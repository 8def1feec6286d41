"""The application's own tables; they know SCIM by one column."""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base class of the application's tables."""


db = SQLAlchemy(model_class=Base)


class User(db.Model):
    """A person who may log in; one who signed up before provisioning began has no ``scim_id``."""

    id: Mapped[int] = mapped_column(primary_key=True)
    scim_id: Mapped[str | None] = mapped_column(unique=True)
    external_id: Mapped[str | None] = mapped_column(index=True)  # the provider's own id
    user_name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    name: Mapped[str]
    is_active: Mapped[bool]
    logins: Mapped[list["Login"]] = relationship(cascade="all, delete-orphan")


class Login(db.Model):
    """A browser in which somebody is logged in; to end a session, delete its row."""

    key: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
