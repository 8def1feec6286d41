"""A small application in which people log in; their identity provider provisions them by SCIM."""

import os
import secrets

import keeping_in_step  # noqa: F401 - it connects itself to the signals
from flask import Flask, abort, current_app, g, redirect, request, session
from sqlalchemy import func, select

from models import Login, User, db
from scim import Scim

scim = Scim(engine=lambda: db.engine)


def create_app(database_url=None):
    """Return the application."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex()
    app.config["SQLALCHEMY_DATABASE_URI"] = (
        database_url or os.environ.get("DATABASE_URL") or "sqlite:///people.db"
    )
    # `/try-login` believes everybody. It stands for the end of a login by SAML or OpenID Connect.
    app.config["TRY_LOGIN"] = os.environ.get("TRY_LOGIN") == "yes"
    db.init_app(app)
    scim.init_app(app)
    app.before_request(find_user)
    app.add_url_rule("/", view_func=home)
    app.add_url_rule("/logout", view_func=logout, methods=["POST"])
    app.add_url_rule("/try-login", view_func=try_login, methods=["POST"])
    app.cli.command("init")(create_tables)
    return app


def create_tables():
    """Create all tables: the application's, and the SCIM server's."""
    db.create_all()
    scim.upgrade()


def find_user():
    """Find out who is logged in; a session that was ended has no row any more."""
    login = db.session.get(Login, session["login"]) if "login" in session else None
    g.user = db.session.get(User, login.user_id) if login else None


def home():
    """Greet whoever is logged in."""
    return {"you": g.user.user_name if g.user else None}


def try_login():
    """Log somebody in by claims that nobody has checked."""
    if not current_app.config["TRY_LOGIN"]:
        abort(404)
    log_in(request.get_json())
    return redirect("/")


def log_in(claims):
    """Begin a session for the person whom an identity provider has logged in.

    ``claims`` are those of an ID token, or the attributes of a SAML assertion, by then verified.
    """
    user = find_person(claims)
    if user is None or not user.is_active:
        abort(403)
    login = Login(key=secrets.token_urlsafe(), user_id=user.id)
    db.session.add(login)
    db.session.commit()
    session["login"] = login.key


def find_person(claims):
    """Return the user whom claims mean: by the provider's own id, or else by name.

    SCIM sends that id as ``externalId``: Okta's user id, which is ``sub`` in its ID tokens, or the
    object id of Entra ID, which is ``oid``, if the administrator maps it so.
    """
    for name in ("oid", "sub"):
        if found := db.session.scalar(select(User).where(User.external_id == claims.get(name, ""))):
            return found
    user_name = claims.get("preferred_username", "").lower()
    return db.session.scalar(select(User).where(func.lower(User.user_name) == user_name))


def logout():
    """End the session of this browser."""
    if login := db.session.get(Login, session.pop("login", "")):
        db.session.delete(login)
        db.session.commit()
    return redirect("/")
