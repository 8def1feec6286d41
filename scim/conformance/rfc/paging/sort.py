"""Sorting (RFC 7644 §3.4.2.3)."""

from typing import Any

from ...outcomes import expect
from ...service import Service
from ..areas import area
from ..requests import find_in_order

check = area("sort", "RFC 7644 §3.4.2.3", needs=("sort", "filter"))
MISSING = (
    'if there is no data for the specified "sortBy" value, they are sorted via the "sortOrder"'
    " parameter, i.e., they are ordered last if ascending and first if descending."
)
PRIMARY = (
    "if it's a multi-valued attribute, resources are sorted by the value of the primary attribute"
    " (see Section 2.4 of [RFC7643]), if any, or else the first value in the list, if any."
)


def emails(*values: str, primary: int | None = None) -> dict[str, Any]:
    each: list[dict[str, Any]] = [
        {"value": f"{value}@example.com", "type": kind}
        for value, kind in zip(values, ("work", "home"), strict=False)
    ]
    if primary is not None:
        each[primary] = each[primary] | {"primary": True}
    return {"emails": each}


def names(*values: str | None) -> list[dict[str, Any]]:
    """Return users with these display names, None for a user without one."""
    return [{"displayName": value} if value else {"displayName": None} for value in values]


@check.each(
    "words, query, users, order, quote",
    (
        "By a string",
        {"sortBy": "displayName", "sortOrder": "ascending"},
        names("Mike", "Zoe", "Anna"),
        (2, 0, 1),
        "specifies the attribute whose value SHALL be used to order the returned responses.",
    ),
    (
        "Without sortOrder",
        {"sortBy": "displayName"},
        names("Mike", "Zoe", "Anna"),
        (2, 0, 1),
        'If a value for "sortBy" is provided and no "sortOrder" is specified, "sortOrder" SHALL'
        " default to ascending.",
    ),
    (
        "Descending",
        {"sortBy": "displayName", "sortOrder": "descending"},
        names("Mike", "Zoe", "Anna"),
        (1, 0, 2),
        'Allowed values are "ascending" and "descending".',
    ),
    (
        "Without regard to case",
        {"sortBy": "displayName"},
        names("mike", "Zoe", "anna", "Max"),
        (2, 3, 0, 1),
        "for case-insensitive attributes, sort the result using case-insensitive Unicode"
        " alphabetic sort order with no specific locale implied",
    ),
    (
        "Without a value, ascending",
        {"sortBy": "displayName", "sortOrder": "ascending"},
        names(None, "Mike", "Anna"),
        (2, 1, 0),
        MISSING,
    ),
    (
        "Without a value, descending",
        {"sortBy": "displayName", "sortOrder": "descending"},
        names("Anna", "Mike", None),
        (2, 1, 0),
        MISSING,
    ),
    (
        "By a sub-attribute",
        {"sortBy": "name.familyName"},
        [{"name": {"familyName": value}} for value in ("Miller", "Zorn", "Abel")],
        (2, 0, 1),
        "If the attribute is complex, the attribute name must be a path to a sub-attribute in"
        " standard attribute notation",
    ),
    (
        "By the primary of several values",
        {"sortBy": "emails.value"},
        [emails("a", "m", primary=1), emails("z", "b", primary=1), emails("c", "x", primary=0)],
        (1, 2, 0),
        PRIMARY,
    ),
    (
        "By the first of several values",
        {"sortBy": "emails.value"},
        [emails("m", "a"), emails("z", "b"), emails("c", "x")],
        (2, 0, 1),
        PRIMARY,
    ),
)
def users_are_sorted(
    service: Service, query: dict[str, str], users: list[dict[str, Any]], order: tuple[int, ...]
) -> None:
    """{words}: users are sorted."""
    prefix = service.unique("sorted")
    ids = [
        service.new_user(userName=f"{prefix}-{number}", **attributes)["id"]
        for number, attributes in enumerate(users)
    ]
    shown = find_in_order(service, f'userName sw "{prefix}"', **query)
    expect(set(shown) == set(ids), f"{len(set(shown) & set(ids))} of {len(ids)} are found")
    found = tuple(ids.index(identifier) for identifier in shown)
    expect(found == order, f"the order is {found}, not {order}")


@check("Sorting allows clients to specify the order in which resources are returned")
def the_order_goes_beyond_a_page(service: Service) -> None:
    """The server sorts the whole result, not each page."""
    prefix = service.unique("sorted")
    ids = {
        name: service.new_user(userName=f"{prefix}-{name}", displayName=name)["id"]
        for name in ("Mike", "Zoe", "Anna")
    }
    pages = [
        find_in_order(
            service, f'userName sw "{prefix}"', sortBy="displayName", startIndex=start, count=1
        )
        for start in (1, 2, 3)
    ]
    expect(pages == [[ids[name]] for name in ("Anna", "Mike", "Zoe")], "the pages are not in order")


@check('specifying a combination of "sortBy" and "sortOrder" URL parameters.')
def groups_are_sorted(service: Service) -> None:
    """Groups are sorted as users are."""
    prefix = service.unique("sorted")
    ids = [service.new_group(displayName=f"{prefix}-{name}")["id"] for name in "bca"]
    text = f'displayName sw "{prefix}"'
    shown = find_in_order(service, text, "/Groups", sortBy="displayName", sortOrder="descending")
    expect(
        [ids.index(identifier) for identifier in shown] == [1, 0, 2], "the groups are not in order"
    )
