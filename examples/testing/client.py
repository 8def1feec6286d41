"""A client of a SCIM server."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def find(url: str, token: str, name: str) -> dict[str, Any]:
    """Return the user of that name.

    :raises LookupError: there is none
    """
    query = urlencode({"filter": f"userName eq {json.dumps(name)}"})
    asked = Request(f"{url}/Users?{query}", headers={"Authorization": f"Bearer {token}"})
    with urlopen(asked, timeout=10) as answer:
        found = json.load(answer)["Resources"]
    if not found:
        raise LookupError(f"there is no user {name}")
    user: dict[str, Any] = found[0]
    return user
