"""Access tokens for OAuth clients, by their own credentials (RFC 6749 §4.4, RFC 7523 §2.2)."""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from scim.protocol.permissions import SCOPES, Permission
from scim.service import Service
from scim.storage import Access, digest
from scim.storage.clients import LIFETIME, Client, find_client, issue_access

FORM = "application/x-www-form-urlencoded"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "ES384", "PS256", "RS256")
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
EVERYTHING = "scim"  # a scope that stands for all that the client has; IPSIE's clients ask for it
MOST_FIELDS = 50
ID = re.compile(r"client_[0-9a-f]{24}", re.ASCII)


class GrantError(Exception):
    """A token is refused; ``code`` is that of RFC 6749 §5.2, the text is for the administrator."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def status(self) -> int:
        """The status of the answer."""
        return 401 if self.code == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class Proof:
    """A client's proof of who it is: a secret, or a signed assertion."""

    client_id: str
    secret: str = ""
    assertion: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A new access token, and what it permits."""

    token: str
    permission: Permission

    def document(self) -> dict[str, Any]:
        """Return the answer (RFC 6749 §5.1)."""
        shown = {"access_token": self.token, "token_type": "Bearer", "expires_in": LIFETIME}
        return shown | {"scope": self.permission.stored_scopes}


def metadata(issuer: str, endpoint: str) -> dict[str, Any]:
    """Return the metadata of the authorization server (RFC 8414 §2)."""
    return {
        "issuer": issuer,
        "token_endpoint": issuer + endpoint,
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [*SCOPES, EVERYTHING],
    }


def grant(
    service: Service,
    body: bytes,
    authorization: str,
    audiences: Sequence[str],
    allow: Callable[[Access], None],
) -> Granted:
    """Return an access token for the client that sends a form to the token endpoint.

    ``audiences`` are the names of this server in an assertion; empty if it takes none. ``allow`` is
    told what the token will open, before it is made.

    :raises GrantError: the form, the client or the scope is refused
    :raises ScimError: ``allow`` raises it
    :raises UnavailableError: the database cannot be reached, or is too busy
    """
    form = _form(body)
    if (kind := form.get("grant_type")) != "client_credentials":
        code = "unsupported_grant_type" if kind else "invalid_request"
        raise GrantError(code, "grant_type must be client_credentials")
    proof = _proof(form, authorization)
    known = ID.fullmatch(proof.client_id)
    found = known and service.database.read(partial(find_client, client_id=proof.client_id))
    if not found:
        raise GrantError("invalid_client", "there is no client with this client_id")
    client, tenant = found
    assertion = _check(client, proof, audiences)
    permission = _permission(client, form.get("scope", ""))
    allow(Access(tenant, client.name, permission=permission))
    issue = partial(issue_access, client=client, permission=permission, assertion=assertion)
    if (token := service.database.write(issue)) is None:
        raise GrantError("invalid_client", "this assertion was used already; sign a new one")
    return Granted(token, permission)


def _form(body: bytes) -> Mapping[str, str]:
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise GrantError("invalid_request", "the body is no form in UTF-8") from None
    form = {name: value for name, value in fields if value}  # an empty one is omitted (§3.2)
    if len(form) < sum(bool(value) for _, value in fields):
        raise GrantError("invalid_request", "the form has a parameter twice")
    return form


def _proof(form: Mapping[str, str], authorization: str) -> Proof:
    """Return how the client authenticates, by one method only (§2.3)."""
    named, proofs = form.get("client_id", ""), []
    if authorization:
        proofs.append(_basic(authorization))
    if secret := form.get("client_secret"):
        proofs.append(Proof(named, secret=secret))
    if assertion := form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION:
            raise GrantError("invalid_request", f"client_assertion_type must be {ASSERTION}")
        proofs.append(Proof(_subject(assertion), assertion=assertion))
    if not proofs:
        raise GrantError(
            "invalid_client", "send client_id and client_secret, or a signed client_assertion"
        )
    if len(proofs) > 1 or (named and named != proofs[0].client_id):
        raise GrantError("invalid_request", "the client authenticates in more than one way")
    return proofs[0]


def _basic(authorization: str) -> Proof:
    scheme, _, coded = authorization.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise GrantError("invalid_client", "the Authorization header must be Basic, id and secret")
    return Proof(unquote_plus(client_id), secret=unquote_plus(secret))


def _subject(assertion: str) -> str:
    """Return the client that an assertion names; nothing of it is verified yet."""
    try:
        coded = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        return str(claims["sub"])
    except (LookupError, TypeError, ValueError, RecursionError):
        raise GrantError("invalid_client", "client_assertion is no JWT with a sub") from None


def _check(client: Client, proof: Proof, audiences: Sequence[str]) -> tuple[str, float] | None:
    """Return the digest of an assertion's id, and when it expires; None for a secret.

    :raises GrantError: the client does not prove who it is
    """
    if proof.assertion:
        return _verified(client, proof.assertion, audiences)
    if not client.secret or not secrets.compare_digest(client.secret, digest(proof.secret)):
        raise GrantError("invalid_client", "client_secret is wrong")
    return None


def _verified(client: Client, assertion: str, audiences: Sequence[str]) -> tuple[str, float]:
    from . import assertions  # noqa: PLC0415 - 130 ms, for few servers

    if not audiences:
        raise GrantError("invalid_client", "this server takes no assertions: set SCIM_PUBLIC_URL")
    try:
        return assertions.verify(client, assertion, audiences, ALGORITHMS)
    except ValueError as error:
        raise GrantError("invalid_client", f"client_assertion {error}") from None


def _permission(client: Client, asked: str) -> Permission:
    """Return what a token permits: the scopes that the client asks for, or all that it has."""
    wanted = set(asked.split())
    if not wanted or EVERYTHING in wanted:
        return client.permission
    if more := wanted - client.permission.scopes:
        has = client.permission.stored_scopes
        raise GrantError(
            "invalid_scope", f"the client has the scopes {has!r}, not all of {sorted(more)}"
        )
    return Permission(frozenset(wanted), client.permission.types)
