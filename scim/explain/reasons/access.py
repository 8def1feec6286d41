"""Remedies where a client does not reach the server's endpoints: credentials and URLs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remedy:
    """The texts about one kind of failure.

    ``title`` is behind the count: 12 times "uniqueness on userName". ``there`` has by provider what
    to change in it, ``""`` for any other; ``here`` is what to change in this server. The texts may
    have ``{attribute}``, ``{noun}``, ``{tenant}``, ``{meant}``, ``{came}``
    and ``{error}``, which is the detail of the last error.
    """

    title: str
    cause: str
    there: Mapping[str, str] = field(default_factory=dict)
    here: str = ""


OKTA_URL = "Base URL (wizard app: SCIM connector base URL), under Provisioning > Integration"
OKTA_TOKEN = "API Token (wizard app: Authorization), under Provisioning > Integration"
ENTRA_URL = "Tenant URL, under Provisioning"
ENTRA_TOKEN = "Secret Token, under Provisioning"
OKTA_MAPPING = "In Okta, look at Provisioning > To App > Attribute Mappings"
ENTRA_MAPPING = "In Entra ID, look at Provisioning > Attribute mapping"
ISSUE = "`python manage.py token issue NAME` prints a new token"

ACCESS: dict[str, Remedy] = {
    "no token": Remedy(
        "no token",
        "The request has no Authorization header.",
        {
            "Okta": f"In Okta, put the token into the field {OKTA_TOKEN}; "
            "the Authentication Mode is HTTP Header.",
            "Entra ID": f"In Entra ID, put the token into the field {ENTRA_TOKEN}.",
            "": "Send the header Authorization with Bearer, a space and the token.",
        },
    ),
    "unknown token": Remedy(
        "a token that is not known here",
        "The token is none of this server's: it is mistyped, cut off, revoked, or of another "
        "server.{came}",
        {
            "Okta": f"In Okta, put the token into the field {OKTA_TOKEN}, "
            "without spaces around it, and test the credentials.",
            "Entra ID": f"In Entra ID, put the token alone into the field {ENTRA_TOKEN}, "
            "and test the connection.",
            "": "Send the header Authorization with Bearer, a space and the token.",
        },
        f"{ISSUE}.",
    ),
    "wrong path": Remedy(
        "a path that is no endpoint",
        "The base URL is wrong: nothing is served at the path that was asked for.{meant}",
        {
            "Okta": f"In Okta, correct the field {OKTA_URL}.",
            "Entra ID": f"In Entra ID, correct the field {ENTRA_URL}.",
            "": "Correct the base URL; it ends in the base path, without a slash.",
        },
        "The setting SCIM_BASE_PATH is the path of the base URL.",
    ),
    "method": Remedy(
        "a method that the endpoint does not take",
        "The endpoint exists, but not for this method.",
        {"": "Correct the base URL or the path; an id may be missing at its end."},
    ),
    "scheme": Remedy(
        "a token that does not follow Bearer",
        "The Authorization header has another form than Bearer, a space and the token.{came}",
        {
            "Okta": "In Okta, the Authentication Mode is HTTP Header; Basic Auth and OAuth are for "
            "other servers. In the template app, write Bearer and a space before the token.",
            "Entra ID": "In Entra ID, the Authentication method is Bearer authentication.",
            "": "Send the header Authorization with Bearer, a space and the token.",
        },
        "A strict tenant accepts no token without Bearer.",
    ),
    "form": Remedy(
        "a token with something around it",
        "The token is right, but more was pasted than the token.{came}",
        {
            "Okta": f"In Okta, correct the field {OKTA_TOKEN}.",
            "Entra ID": f"In Entra ID, correct the field {ENTRA_TOKEN}: the token alone.",
            "": "Send the token alone, behind Bearer and a space.",
        },
    ),
}
