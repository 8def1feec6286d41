"""The properties of users, groups and app roles, with the names of Microsoft Graph."""

from collections.abc import Mapping

from ..values import Record
from .errors import bad_request

USER_PROPERTIES: Mapping[str, type] = {
    "accountEnabled": bool,
    "userPrincipalName": str,
    "displayName": str,
    "givenName": str,
    "surname": str,
    "mail": str,
    "mailNickname": str,
    "jobTitle": str,
    "department": str,
    "employeeId": str,
    "preferredLanguage": str,
    "officeLocation": str,
    "streetAddress": str,
    "city": str,
    "state": str,
    "postalCode": str,
    "country": str,
    "businessPhones": list,
    "mobilePhone": str,
    "faxNumber": str,
}
GROUP_PROPERTIES: Mapping[str, type] = {
    "displayName": str,
    "description": str,
    "mailNickname": str,
    "mailEnabled": bool,
    "securityEnabled": bool,
    "groupTypes": list,
}
APP_ROLE_PROPERTIES = dict.fromkeys(("id", "value", "displayName"), str)
REQUIRED = {
    "AppRole": tuple(APP_ROLE_PROPERTIES),
    "User": ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"),
    "Group": ("displayName",),
}
# Graph takes these, and the directory does not need them.
IGNORED = frozenset({"passwordProfile", "@odata.type", "@odata.id"})


def check_properties(
    kind: str, values: Record, properties: Mapping[str, type], partial: bool = False
) -> Record:
    """Return the properties that a request sets; a partial one may omit the required ones.

    :raises GraphError: a property is unknown, has another type or is missing
    """
    kept = {name: value for name, value in values.items() if name not in IGNORED}
    for name, value in kept.items():
        if name not in properties:
            raise bad_request(f"Invalid property '{name}'.")
        if value is not None and not isinstance(value, properties[name]):
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource '{kind}'."
            )
    for name in REQUIRED[kind]:
        if (name in kept or not partial) and kept.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource '{kind}'.")
    return kept
