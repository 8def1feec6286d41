"""Attacks by legal requests that are as expensive as the limits allow."""

from collections.abc import Callable
from urllib.parse import quote

from scim.protocol.filters.parser import DEFAULT_LIMITS

from ..support.bulk import bulk_request, post, refer
from ..support.scim import group, remove, replace, user
from .sizes import SIZE
from .target import Target, email, report_of

Strike = Callable[[], None]
TERMS = DEFAULT_LIMITS.terms
LARGE = 1_000_000  # characters, nearly the limit of a resource
WORDS = 20


def patch_with_many_operations(target: Target) -> Strike:
    """Replace one attribute again and again in one PATCH."""
    path = f"Users/{target.create(user('often'))}"
    operations = [replace("title", f"{number}") for number in range(SIZE.operations)]
    return lambda: _expect(200, target.patch(path, *operations))


def patch_many_passwords(target: Target) -> Strike:
    """Set the password again and again in one PATCH."""
    path = f"Users/{target.create(user('password'))}"
    operations = [replace("password", f"secret {number}") for number in range(SIZE.operations)]
    return lambda: _expect(200, target.patch(path, *operations))


def create_many_passwords(target: Target) -> Strike:
    """Create users with passwords in one bulk request: each has to be hashed."""
    people = [user(f"secretive{number}", password="secret") for number in range(SIZE.passwords)]
    return lambda: target.create_many(people) and None


def patch_with_value_filters(target: Target) -> Strike:
    """Change each of many e-mail addresses by a filter of its own."""
    emails = [email(number) for number in range(SIZE.elements)]
    path = f"Users/{target.create(user('reachable', emails=emails))}"
    operations = [
        replace(f'emails[value eq "{each["value"]}"].display', each["value"]) for each in emails
    ]
    return lambda: _expect(200, target.patch(path, *operations))


def remove_members_one_by_one(target: Target) -> Strike:
    """Remove each member of a group by an operation of its own, as Okta does."""
    members = target.made["users"][: SIZE.operations // 2]
    path = f"Groups/{target.create(group('leaving', *({'id': each} for each in members)))}"
    operations = [remove(f'members[value eq "{each}"]') for each in members]
    return lambda: _expect(200, target.patch(path, *operations))


def search_with_many_terms(target: Target) -> Strike:
    """Search all users for parts of texts that nobody has; the server may refuse, but soon."""
    terms = " or ".join(f'emails.value co "x{number}"' for number in range(TERMS))
    path = f"/Users?count=1&filter={quote(terms)}"

    def strike() -> None:
        for _ in range(3):
            assert target.ask("GET", path).status_code in (200, 400, 503)

    return strike


def nest_groups(target: Target) -> Strike:
    """Create groups in groups in one bulk request, each in the next; a limit may refuse it."""
    chain = [post("0", group("level 0", {"id": target.victim_id}))]
    chain += [
        post(str(level), group(f"level {level}") | {"members": refer(str(level - 1))})
        for level in range(1, SIZE.depth)
    ]
    return lambda: _expect(200, target.ask("POST", "/Bulk", bulk_request(*chain)).status_code)


def change_a_large_user(target: Target) -> Strike:
    """Change a word of a user who is nearly as large as a resource may be."""
    path = f"Users/{target.create(user('large', displayName='x' * LARGE))}"

    def strike() -> None:
        for number in range(WORDS):
            _expect(200, target.patch(path, replace("title", f"{number}")))

    return strike


def delete_a_manager(target: Target) -> Strike:
    """Delete a user who is the manager of many."""
    manager = target.create(user("manager"))
    target.create_many([report_of(manager, number) for number in range(SIZE.reports)])
    return lambda: _expect(204, target.ask("DELETE", f"/Users/{manager}").status_code)


def _expect(status: int, found: int) -> None:
    assert found == status
