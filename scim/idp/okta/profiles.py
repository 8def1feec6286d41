"""Map the profile of an Okta user to that of the app's user, and that to SCIM (RFC 7643 §4.1)."""

from typing import Any

from ..values import Record

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

RENAMED = {
    "login": "userName",
    "firstName": "givenName",
    "lastName": "familyName",
    "managerId": "managerValue",
}
NAME_PARTS = ("givenName", "familyName", "middleName", "honorificPrefix", "honorificSuffix")
PLAIN = ("nickName", "title", "preferredLanguage", "userType", "timezone", "profileUrl")
ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department")
PHONES = {"primaryPhone": "work", "mobilePhone": "mobile"}


def to_app_profile(profile: Record) -> Record:
    """Apply Okta's default mapping to the profile of an Okta user."""
    mapped = {RENAMED.get(name, name): value for name, value in profile.items()}
    full_name = f"{profile.get('firstName', '')} {profile.get('lastName', '')}".strip()
    return {"displayName": full_name, "locale": "en-US", "emailType": "work"} | mapped


def to_okta_profile(profile: Record) -> Record:
    """Apply Okta's default mapping to the profile of the app's user."""
    names = {there: here for here, there in RENAMED.items()}
    return {names.get(key, key): value for key, value in profile.items() if key != "emailType"}


def read_profile(user: Record) -> Record:
    """Return the profile of the app's user that a SCIM user has."""
    extension = user.get(ENTERPRISE_SCHEMA, {})
    profile = {key: user.get(key) for key in ("userName", "displayName", "locale", *PLAIN)}
    profile |= {key: user.get("name", {}).get(key) for key in NAME_PARTS}
    emails = user.get("emails", [])
    if email := next((each for each in emails if each.get("primary")), emails and emails[0]):
        profile |= {"email": email.get("value"), "emailType": email.get("type")}
    numbers = {each.get("type"): each.get("value") for each in user.get("phoneNumbers", [])}
    profile |= {key: numbers.get(kind) for key, kind in PHONES.items()}
    profile |= {key: extension.get(key) for key in ENTERPRISE}
    profile["managerValue"] = extension.get("manager", {}).get("value")
    return {key: value for key, value in profile.items() if isinstance(value, str) and value}


def build_user(profile: Record, external_id: str, password: str) -> Record:
    """Return the body of a POST, in Okta's order. Okta sends ``groups`` although it is readOnly."""
    user = {"schemas": [USER_SCHEMA], **to_attributes(profile)}
    if ENTERPRISE_SCHEMA in user:
        user["schemas"].append(ENTERPRISE_SCHEMA)
    last = {"externalId": external_id, "groups": [], "password": password, "active": True}
    return user | last


def merge(found: Record, profile: Record, pushed: Record, active: bool = True) -> Record:
    """Return the body of a PUT: the resource of the server with the values of a profile.

    ``pushed`` is the profile that was sent before. A value that only it has is left out.
    """
    before, after = to_attributes(pushed), to_attributes(profile)
    user = {key: value for key, value in found.items() if key in after or key not in before}
    user["active"] = active
    for name, value in after.items():
        known, old = found.get(name), before.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            user[name] = {key: kept for key, kept in known.items() if key not in (old or {})}
            user[name] |= value
        elif isinstance(value, list) and isinstance(known, list):
            user[name] = _merge_values(known, value, old or [])
        else:
            user[name] = value
    if ENTERPRISE_SCHEMA in user and ENTERPRISE_SCHEMA not in user.get("schemas", []):
        user["schemas"] = [*user.get("schemas", []), ENTERPRISE_SCHEMA]
    return user


def _merge_values(known: list[Record], values: list[Record], old: list[Record]) -> list[Record]:
    """Return Okta's values, and the server's values of other types; only one is primary."""
    types = {value["type"] for value in [*values, *old]}
    others = [value for value in known if value.get("type") not in types]
    if any(value.get("primary") for value in values):
        others = [value | {"primary": False} if value.get("primary") else value for value in others]
    return [*values, *others]


def to_attributes(profile: Record) -> Record:
    """Return the attributes of a SCIM user that have values."""
    user: dict[str, Any] = {"userName": profile.get("userName")}
    user["name"] = {part: profile[part] for part in NAME_PARTS if profile.get(part)}
    if profile.get("email"):
        kind = profile.get("emailType", "work")
        user["emails"] = [{"primary": True, "value": profile["email"], "type": kind}]
    user |= {name: profile.get(name) for name in ("displayName", "locale", *PLAIN)}
    user["phoneNumbers"] = [
        {"value": profile[name], "type": kind} | ({"primary": True} if kind == "work" else {})
        for name, kind in PHONES.items()
        if profile.get(name)
    ]
    user[ENTERPRISE_SCHEMA] = {name: profile[name] for name in ENTERPRISE if profile.get(name)}
    if profile.get("managerValue"):
        user[ENTERPRISE_SCHEMA]["manager"] = {"value": profile["managerValue"]}
    return {name: value for name, value in user.items() if value}
