"""Recognises the identity provider, or other program, that a request looks like, and says why."""

import re
from collections.abc import Sequence
from functools import lru_cache

from .words import plain

OKTA, ENTRA, ONELOGIN, GOOGLE = "Okta", "Entra ID", "OneLogin", "Google"
BROWSER = "a browser"
CHECKER = "the checks"  # of this project
# The first that is in the User-Agent, in small letters. A browser's names most others, too.
AGENTS = {
    "scim-check": CHECKER,
    "okta": OKTA,
    "azure ad": ENTRA,
    "microsoft": ENTRA,
    "entra": ENTRA,
    "onelogin": ONELOGIN,
    "jumpcloud": "JumpCloud",
    "authentik": "authentik",
    "google": GOOGLE,
    "pingone": "Ping",
    "pingfederate": "Ping",
    "keycloak": "Keycloak",
    "postman": "Postman",
    "insomnia": "Insomnia",
    "httpie": "HTTPie",
    "curl/": "curl",
    "wget/": "Wget",
    "python": "a Python program",
    "go-http-client": "a Go program",
    "mozilla/": BROWSER,
}
CONSOLE = "scim-console"
FLAGS = re.compile(r"(?:^|&)(aadOptscim062020|AzureAdScimPatch2017)\b", re.IGNORECASE)
MICROSOFT = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM"
# The beginning of a body has its schemas; longer ones are not looked through.
HEAD = 4000
LONGEST = 1000  # characters of a User-Agent
OLD_CORE = '"urn:scim:schemas:core:1.0"'
OLD_ONELOGIN = '"urn:scim:schemas:core:2.0"'


def recognised(
    headers: Sequence[tuple[str, str]], method: str, path: str, query: str, body: str
) -> tuple[str, str]:
    """Return the name of the program that a request looks like, and why; both may be empty.

    The User-Agent counts first, since it names the program; then what only one provider sends.
    """
    named = {name.lower(): value for name, value in headers}
    agent = named.get("user-agent", "")
    if agent.startswith(CONSOLE):
        return "", "It is the console of this server."
    return _by_agent(agent[:LONGEST]) or _by_shape(named, agent, path, query, body[:HEAD])


@lru_cache
def _by_agent(agent: str) -> tuple[str, str] | None:
    lower = agent.lower()
    name = next((name for part, name in AGENTS.items() if part in lower), None)
    return (name, f'Its User-Agent is "{plain(agent, 100)}".') if name else None


def _by_shape(
    headers: dict[str, str], agent: str, path: str, query: str, body: str
) -> tuple[str, str]:
    if flag := FLAGS.search(query):
        return ENTRA, f"The tenant URL has the flag {flag[1]}, which only Entra ID knows."
    if MICROSOFT in body:
        return ENTRA, "The body names a schema of Microsoft's."
    if agent.strip().lower() == "application/json":
        return ONELOGIN, "Its User-Agent is a media type, as OneLogin sends it."
    if OLD_ONELOGIN in body:
        return ONELOGIN, "The body has OneLogin's old name of the core schema."
    if OLD_CORE in body and "core:2.0:User" in body:
        return GOOGLE, "The body has the schemas of version 1.0 and of 2.0 together."
    if headers.get("accept-charset") and "scim+json" in headers.get("accept", ""):
        return OKTA, "It has the header Accept-Charset, which only Okta sends."
    if not agent and query.endswith("&"):
        return ONELOGIN, "It has no User-Agent and an & at the end of its URL."
    if path.startswith("/Groups") and "excludedAttributes=members" in query:
        return ENTRA, "It asks for groups without their members, as Entra ID does."
    return "", ""
