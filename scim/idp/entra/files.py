"""The files of the command: a directory and an attribute mapping, as JSON."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from ..values import Record
from .directory import DEFAULT_ACCESS, Directory
from .errors import GraphError, bad_request
from .mapping.rules import Rules
from .mapping.schema import read_rules

COMPANY = Path(__file__).with_name("company.json")


def read_directory(path: Path) -> Directory:
    """Return the directory of a file.

    :raises ValueError: the file does not have a directory, and the message says why
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return load(document)
    except GraphError as error:
        raise ValueError(f"{path}: {error.message}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} is not a directory: see docs/entra-without-entra.md") from None


def read_mapping(path: Path) -> Rules:
    """Return the mapping of a file.

    :raises ValueError: the file does not have a mapping, and the message says why
    """
    try:
        return read_rules(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def load(document: Record) -> Directory:
    """Return the directory of a JSON document.

    It has ``users`` with a ``manager``, ``groups`` with ``members``, ``appRoles``, and
    ``assignments``, which may have a role. References are ids, userPrincipalNames, displayNames of
    groups or values of roles.
    """
    directory = Directory()
    users, groups = document.get("users", []), document.get("groups", [])
    ids = {**_add_users(directory, users), **_add_groups(directory, groups)}
    for values in users:
        if values.get("manager"):
            manager = ids.get(values["manager"], values["manager"])
            directory.set_manager(values["userPrincipalName"], manager)
    for values in groups:
        for member in values.get("members", []):
            directory.add_member(ids[values["displayName"]], ids.get(member, member))
    for values in document.get("appRoles", []):
        role = directory.add_app_role(values)
        ids[role["value"]] = role["id"]
    for each in document.get("assignments", []):
        assigned: Record = each if isinstance(each, dict) else {"principalId": each}
        principal: str = assigned["principalId"]
        role_id: str = assigned.get("appRoleId", DEFAULT_ACCESS)
        directory.assign(ids.get(principal, principal), ids.get(role_id, role_id))
    return directory


def _add_users(directory: Directory, users: list[Record]) -> dict[str, str]:
    """Add users, and return their ids by userPrincipalName."""
    ids: dict[str, str] = {}
    for values in users:
        known = {"accountEnabled": True} | _without(values, "id", "manager")
        user = directory.add_user(known, _read_id(values, directory))
        ids[user["userPrincipalName"]] = user["id"]
    return ids


def _add_groups(directory: Directory, groups: list[Record]) -> dict[str, str]:
    """Add groups, and return their ids by displayName."""
    ids: dict[str, str] = {}
    for values in groups:
        group = directory.add_group(_without(values, "id", "members"), _read_id(values, directory))
        ids[group["displayName"]] = group["id"]
    return ids


def _read_id(values: Record, directory: Directory) -> str:
    """Return the id of an object, or an empty text if the document has none."""
    try:
        own_id = str(UUID(values["id"])) if "id" in values else ""
    except (ValueError, TypeError, AttributeError):
        raise bad_request(f"Invalid object identifier '{values['id']}'.") from None
    if own_id in directory.users or own_id in directory.groups:
        raise bad_request(f"Another object has the id '{own_id}'.")
    return own_id


def _without(values: Record, *names: str) -> Record:
    return {name: value for name, value in values.items() if name not in names}
