"""The endpoint that a wrong path is nearly, for the error that answers it."""

from collections.abc import Iterable
from difflib import get_close_matches

# The endpoints of RFC 7644 §3.2; a client without a token learns of no others.
STANDARD = (
    "/Users",
    "/Groups",
    "/Me",
    "/Schemas",
    "/ResourceTypes",
    "/ServiceProviderConfig",
    "/Bulk",
    "/.search",
)
LONGEST = 200  # of a path that is compared, since comparing takes the square of a name's length
NEAR = 0.8  # of 1, which difflib gives to equal names


def is_below(path: str, base_path: str) -> bool:
    """Tell whether a path is the base path or below it."""
    return f"{path}/".startswith(f"{base_path}/")


def repeated(path: str, base_path: str) -> str:
    """Return what a path has of the base path once more behind it; empty if nothing.

    ``/scim/v2/v2/Users`` has ``/v2`` twice: somebody put it into the base URL and behind it.
    """
    names = base_path.split("/")[1:]
    ends = ["/" + "/".join(names[place:]) for place in range(len(names))]
    rest = path[len(base_path) :] if is_below(path, base_path) else ""
    return next((end for end in ends if rest.startswith(f"{end}/")), "")


def nearby(path: str, base_path: str, endpoints: Iterable[str]) -> str | None:
    """Return the path of the endpoint that ``path`` nearly names, or None.

    Below the base path its first name counts, and elsewhere any: ``/scim/v1/users/1``.
    """
    if len(path) > LONGEST:
        return None
    known = {endpoint.strip("/").lower(): endpoint for endpoint in endpoints}
    names = path.split("/")[1:]
    if twice := repeated(path, base_path):
        names = path[len(base_path + twice) :].split("/")[1:2]
    elif is_below(path, base_path):
        name, *rest = path[len(base_path) + 1 :].split("/")
        if name in (endpoint.strip("/") for endpoint in known.values()) and any(rest):
            return None
        names = [name]
    for name in names:
        if near := get_close_matches(name.lower(), known, n=1, cutoff=NEAR):
            return base_path + known[near[0]]
    return None
