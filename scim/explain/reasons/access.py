"""Remedies where a client does not reach the server's endpoints: credentials and URLs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remedy:
    """The texts about one kind of failure.

    ``title`` is a short sentence: "userName is taken". ``there`` has by provider what to change in
    it, ``""`` for any other; ``here`` is what to change in this server. The texts may have
    ``{attribute}``, ``{noun}``, ``{tenant}``, ``{mistake}``, ``{meant}``, ``{base_url}``,
    ``{body}``, ``{extra}``, ``{came}`` and ``{error}``, which is the detail of the error.
    """

    title: str
    cause: str
    there: Mapping[str, str] = field(default_factory=dict)
    here: str = ""


OKTA_URL = "Base URL (wizard app: SCIM connector base URL), under Provisioning > Integration"
OKTA_TOKEN = "API Token (wizard app: Authorization), under Provisioning > Integration"
ENTRA_URL = "Tenant URL, under Provisioning"
ENTRA_TOKEN = "Secret Token, under Provisioning"
OKTA_NAME = "In Okta, look at Sign On > Application username format"
OKTA_MAPPING = "In Okta, look at Provisioning > To App > Attribute Mappings"
ENTRA_MAPPING = "In Entra ID, look at Provisioning > Attribute mapping"
ISSUE = "`python manage.py token issue NAME` prints a new token"

ACCESS: dict[str, Remedy] = {
    "no token": Remedy(
        "The token is missing",
        "The request has no Authorization header.",
        {
            "Okta": f"In Okta, put the token into the field {OKTA_TOKEN}; "
            "the Authentication Mode is HTTP Header.",
            "Entra ID": f"In Entra ID, put the token into the field {ENTRA_TOKEN}.",
            "": "Send the header Authorization with Bearer, a space and the token.",
        },
    ),
    "unknown token": Remedy(
        "The token is not known here",
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
    "no access token": Remedy(
        "An OAuth client gets no access token",
        "The client did not prove who it is, or asked for more than it may.{error}",
        {
            "Entra ID": "In Entra ID, correct Client Identifier and Client Secret, under "
            "Provisioning.",
            "": "Correct the client id, and the secret or the signed assertion.",
        },
        "`python manage.py client list` shows the clients, and `client secret NAME` prints a new "
        "secret.",
    ),
    "demo token": Remedy(
        "The demo token is not accepted from there",
        "Everybody knows the demo token, so it opens the directory on the server's own machine and "
        "through a tunnel only. This request came another way.",
        {
            "Okta": f"In Okta, put the new token into the field {OKTA_TOKEN}.",
            "Entra ID": f"In Entra ID, put the new token into the field {ENTRA_TOKEN}.",
            "": "Send the new token behind Bearer and a space.",
        },
        f"Set SCIM_TOKEN to a token of your own. Or set it to none, and {ISSUE}.",
    ),
    "wrong path": Remedy(
        "{mistake}",
        "Nothing is served at the path that was asked for.{meant}",
        {
            "Okta": f"In Okta, correct the field {OKTA_URL}: it must be `{{base_url}}`.",
            "Entra ID": f"In Entra ID, correct the field {ENTRA_URL}: it must be `{{base_url}}`.",
            "": "Correct the base URL: it must be `{base_url}`.",
        },
        "The setting SCIM_BASE_PATH is the path of the base URL.",
    ),
    "method": Remedy(
        "The endpoint does not take the method",
        "The endpoint exists, but not for this method.",
        {"": "Correct the base URL or the path; an id may be missing at its end."},
    ),
    "scheme": Remedy(
        "The token does not follow Bearer",
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
        "The token has {extra}",
        "More was pasted than the token.{came}",
        {
            "Okta": f"In Okta, paste the token again into the field {OKTA_TOKEN}; "
            "delete what is not the token: {extra}.",
            "Entra ID": f"In Entra ID, paste the token alone into the field {ENTRA_TOKEN}.",
            "": "Send the token alone, behind Bearer and a space.",
        },
    ),
    "twice": Remedy(
        "The token has the word Bearer twice",
        "The word Bearer was pasted with the token, and the provider adds it, too.{came}",
        {
            "Okta": "In Okta, delete the second word Bearer. Template app: the field API Token has "
            "Bearer, a space and the token. Wizard app: the field Authorization has the token "
            "alone, and Okta adds Bearer. Both are under Provisioning > Integration.",
            "Entra ID": f"In Entra ID, delete the word Bearer from the field {ENTRA_TOKEN}: "
            "Entra ID adds it.",
            "": "Send the header Authorization with Bearer once, a space and the token.",
        },
    ),
    "rate": Remedy(
        "Too many requests",
        "The tenant sends more requests than it may.{error}",
        {
            "Okta": "In Okta, nothing is to do: it tries again later.",
            "Entra ID": "In Entra ID, nothing is to do: it tries again later.",
            "": "Wait as long as the header Retry-After says.",
        },
        "The setting SCIM_RATE_LIMIT is the limit. If SCIM_LIMITS_URL is not set, each worker "
        "counts for itself.",
    ),
    "guesses": Remedy(
        "Too many wrong tokens",
        "So many tokens of this address were refused that it has to wait before it tries another."
        "{error}",
        {
            "Okta": f"In Okta, put the right token into the field {OKTA_TOKEN}.",
            "Entra ID": f"In Entra ID, put the right token into the field {ENTRA_TOKEN}.",
            "": "Send the right token, or wait as long as the header Retry-After says.",
        },
        "If the address is that of your proxy, name it in SCIM_TRUSTED_PROXIES.",
    ),
}
