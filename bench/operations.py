"""The operations that are measured: each yields requests with their expected answers.

``number`` is that of the connection. Two connections never change the same user or group, except
the group with the most members.
"""

from collections.abc import Callable
from random import choice

from .client import Calls
from .floors import (
    floor_constant,
    floor_insert,
    floor_members,
    floor_page,
    floor_select,
    floor_update,
)
from .reads import (
    any_page,
    cursor_page,
    deep_walk,
    filter_department,
    filter_display_name_co,
    filter_email_co,
    filter_external_id,
    filter_user_name,
    filter_user_name_co,
    filter_user_name_ew,
    filter_user_name_sw,
    first_page,
    get,
    group_alone,
    group_whole,
)
from .writes import (
    IN_BULK,
    MEMBERS,
    bulk_create,
    create,
    create_group,
    patch_active,
    patch_company,
    patch_division,
    patch_team,
)

Operation = Callable[[int, int], Calls]

# Each floor, and the operations that are compared with it.
MEASURED: dict[Operation, dict[str, Operation]] = {
    floor_constant: {},
    floor_select: {
        "GET": get,
        "GET biggest group, no members": group_alone,
        "userName eq": filter_user_name,
        "externalId eq": filter_external_id,
        "department eq, finds 10": filter_department,
        "userName sw, finds 1": filter_user_name_sw,
        "userName co, finds 1": filter_user_name_co,
        "userName ew, finds 1": filter_user_name_ew,
        "displayName co, finds 1": filter_display_name_co,
        "emails.value co, finds 1": filter_email_co,
    },
    floor_page: {
        "page of 100, the first": first_page,
        "page of 100, walk from 90 %": deep_walk,
        "page of 100, anywhere": any_page,
        "page of 100, by cursor": cursor_page,
    },
    floor_members: {"GET biggest group": group_whole},
    floor_update: {
        "PATCH active": patch_active,
        "PATCH member, group of 10": patch_team,
        "PATCH member, a fifth of all": patch_division,
        "PATCH member, biggest group": patch_company,
    },
    floor_insert: {
        "POST": create,
        f"POST, {IN_BULK:,} in a bulk": bulk_create,
        f"POST group of {MEMBERS:,}, DELETE": create_group,
    },
}

# The number of operations in a request that has several.
CARRIED: dict[Operation, int] = {bulk_create: IN_BULK}

EVERYDAY = (get, get, get, filter_user_name, filter_external_id, any_page, create, patch_active)


def everyday(size: int, number: int) -> Calls:
    """Send one request as identity providers do: three in four are reads."""
    yield from choice(EVERYDAY)(size, number)
