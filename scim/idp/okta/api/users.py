"""``/api/v1/users``: the users of the organization and their life cycle."""

import re
from collections.abc import Callable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...values import Record, now
from ..org import User
from ..profiles import to_app_profile
from .answers import link, page
from .errors import OktaError, blank, invalid, no_endpoint, not_allowed, taken
from .requests import body, find_user, flag, member, service, texts

bp = Blueprint("users", __name__)

QUERIED = ("firstName", "lastName", "email")
REQUIRED = ("login", "email", "firstName", "lastName")
COMPARISON = re.compile(r'(?P<path>[\w.]+) (?P<operator>eq|sw|co) "(?P<value>[^"]*)"', re.I)
COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__,
    "sw": str.startswith,
    "co": str.__contains__,
}


@bp.post("/users")
def create_user() -> ResponseReturnValue:
    sent = body()
    user = User(check_profile(texts(sent, "profile")), _read_password(sent), "STAGED")
    if flag("activate", True):
        user.activate()
    service().org.users[user.id] = user
    return show_user(user)


@bp.get("/users")
def list_users() -> ResponseReturnValue:
    """List users. As in Okta, only a search finds the deactivated ones."""
    users = [show_user(user) for user in service().org.users.values()]
    if criteria := request.args.get("search") or request.args.get("filter"):
        tests = _parse_search(criteria)
        return page([user for user in users if all(test(user) for test in tests)])
    prefix = request.args.get("q", "").lower()
    return page(
        [
            user
            for user in users
            if user["status"] != "DEPROVISIONED"
            and any(user["profile"][name].lower().startswith(prefix) for name in QUERIED)
        ]
    )


@bp.get("/users/<key>")
def get_user(key: str) -> ResponseReturnValue:
    return show_user(find_user(key))


@bp.post("/users/<key>")
def update_user(key: str) -> ResponseReturnValue:
    user = find_user(key)
    return _update(user, user.profile | texts(body(), "profile"))


@bp.put("/users/<key>")
def replace_user(key: str) -> ResponseReturnValue:
    return _update(find_user(key), texts(body(), "profile"))


@bp.delete("/users/<key>")
def delete_user(key: str) -> ResponseReturnValue:
    """Deactivate a user; a second request deletes the user."""
    user, org = find_user(key), service().org
    if user.status != "DEPROVISIONED":
        _deactivate(user)
        return "", 204
    for group in org.groups.values():
        if user.id in group.members:
            group.members.remove(user.id)
    org.users.pop(user.id)
    return "", 204


@bp.post("/users/<key>/lifecycle/<operation>")
def change_status(key: str, operation: str) -> ResponseReturnValue:
    user = find_user(key)
    if operation not in LIFECYCLE:
        raise no_endpoint()
    LIFECYCLE[operation](user)
    return {}


def _activate(user: User) -> None:
    if user.status not in ("STAGED", "DEPROVISIONED"):
        summary = "Activation failed because the user is already active"
        raise OktaError(403, "E0000016", summary)
    user.activate()
    service().follow_groups()


def _deactivate(user: User) -> None:
    if user.status == "DEPROVISIONED":
        raise not_allowed()
    user.move_to("DEPROVISIONED")
    service().unassign(user.id)


def _suspend(user: User) -> None:
    """Suspend a user, of which Okta tells the app nothing."""
    if user.status != "ACTIVE":
        raise OktaError(400, "E0000001", "Cannot suspend a user that is not active")
    user.move_to("SUSPENDED")


def _unsuspend(user: User) -> None:
    if user.status != "SUSPENDED":
        raise OktaError(400, "E0000001", "Cannot unsuspend a user that is not suspended")
    user.move_to("ACTIVE")


def _reactivate(user: User) -> None:
    """Restart the activation of a user who has not finished it."""
    if user.status != "PROVISIONED":
        raise not_allowed()
    user.activate()


LIFECYCLE = {
    "activate": _activate,
    "deactivate": _deactivate,
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "reactivate": _reactivate,
}


def _update(user: User, profile: Record) -> ResponseReturnValue:
    before = to_app_profile(user.profile)
    user.profile = check_profile(profile, user)
    user.last_updated = now()
    if assignment := service().org.app.assignments.get(user.id):
        own = {name: assignment.profile[name] for name in assignment.profile if name not in before}
        assignment.profile = own | to_app_profile(user.profile)
        service().push_profile(user.id)
    if password := _read_password(body()):
        user.password = password
        service().push_password(user.id)
    return show_user(user)


def check_profile(profile: Record, user: User | None = None) -> Record:
    """Return the values of a profile that are not null.

    :raises OktaError: a required value is missing, or another user has the login
    """
    for name in REQUIRED:
        if not profile.get(name):
            raise blank(name)
    if "@" not in profile["login"]:
        raise invalid("login", "Username must be in the form of an email address")
    for other in service().org.users.values():
        if other is not user and other.profile["login"].lower() == profile["login"].lower():
            raise taken("login")
    return {name: value for name, value in profile.items() if value is not None}


def _read_password(sent: Record) -> str | None:
    value = member(member(sent, "credentials"), "password").get("value")
    if not isinstance(value, str | None):
        raise invalid("password", "must be a string")
    return value


def _parse_search(criteria: str) -> list[Callable[[Record], bool]]:
    """Return a test for each comparison of a search; ``and`` joins them."""
    terms = re.split(r"\s+and\s+", criteria.strip(), flags=re.I)
    return [_parse_comparison(term) for term in terms]


def _parse_comparison(term: str) -> Callable[[Record], bool]:
    if not (found := COMPARISON.fullmatch(term)):
        raise OktaError(400, "E0000031", f"Invalid search criteria: {term}")
    compare, value = COMPARE[found["operator"].lower()], found["value"].lower()
    scope, _, name = found["path"].rpartition(".")

    def test(user: Record) -> bool:
        has = (user[scope] if scope == "profile" else user).get(name)
        return isinstance(has, str) and compare(has.lower(), value)

    return test


def show_user(user: User) -> Record:
    path = f"/users/{user.id}"
    moves = {name: f"{path}/lifecycle/{name}" for name in LIFECYCLE}
    return {
        "id": user.id,
        "status": user.status,
        "created": user.created,
        "activated": user.activated,
        "statusChanged": user.status_changed,
        "lastLogin": None,
        "lastUpdated": user.last_updated,
        "passwordChanged": None,
        "type": {"id": "otydefault0000000000"},
        "profile": user.profile,
        "credentials": {
            **({"password": {}} if user.password else {}),
            "provider": {"type": "OKTA", "name": "OKTA"},
        },
        "_links": {
            "self": link(path),
            **{name: link(target) | {"method": "POST"} for name, target in moves.items()},
        },
    }
