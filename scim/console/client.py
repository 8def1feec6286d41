"""Requests of the console to the SCIM endpoints, which treat them as everybody's."""

import ssl
from collections.abc import Mapping
from functools import partial
from threading import Lock

import httpx2

from scim.explain.exchange import CONSOLE
from scim.places import PROJECT
from scim.protocol.headers import MEDIA_TYPE
from scim.service import Service
from scim.storage import Connection
from scim.storage.tokens import Tenant, issue_token, revoke_token

TIMEOUT = 60  # seconds
AGENT = "scim-console"


class Endpoints:
    """Sends requests, each with the console's own token of a tenant.

    A token is issued when the first request needs it, and is kept in memory only.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tokens: dict[int, str] = {}
        self._tenants: dict[int, Tenant] = {}
        self._lock = Lock()
        self._client: httpx2.Client | None = None

    def send(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Return the answer to a request below the base URL.

        :raises httpx2.TransportError: the server does not answer
        """
        given: dict[str, str] = {"Accept": MEDIA_TYPE, "User-Agent": AGENT, **(headers or {})}
        if body is not None:
            given.setdefault("Content-Type", MEDIA_TYPE)
        answer = self._try(tenant, method, path, body, given)
        if answer.status_code == 401:  # another console has taken its place
            self._forget(tenant)
            answer = self._try(tenant, method, path, body, given)
        return answer

    def close(self) -> None:
        """Revoke the tokens."""
        for tenant in self._tenants.values():
            self._service.database.write(partial(revoke_token, tenant=tenant, name=CONSOLE))
        if self._client:
            self._client.close()

    def _try(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | str | None,
        headers: Mapping[str, str],
    ) -> httpx2.Response:
        url = f"{self._service.settings.base_url}{path}"
        bearer = {"Authorization": f"Bearer {self._token(tenant)}"}
        return self._opened().request(method, url, content=body, headers={**headers, **bearer})

    def _opened(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    timeout=TIMEOUT, trust_env=False, verify=self._trusted(), follow_redirects=False
                )
            return self._client

    def _trusted(self) -> ssl.SSLContext | bool:
        """Return what to trust: the server's own certificate, whatever host is in it."""
        certificate = self._service.settings.tls_certificate
        if not certificate:
            return False
        trusted = ssl.create_default_context(cafile=str(PROJECT / certificate))
        trusted.check_hostname = False
        return trusted

    def _token(self, tenant: Tenant) -> str:
        with self._lock:
            if tenant.id not in self._tokens:
                self._tokens[tenant.id] = self._service.database.write(
                    lambda connection: _issue(connection, tenant)
                )
                self._tenants[tenant.id] = tenant
            return self._tokens[tenant.id]

    def _forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._tokens.pop(tenant.id, None)


def _issue(connection: Connection, tenant: Tenant) -> str:
    """Return a new token of the console, instead of one that an earlier console has left."""
    revoke_token(connection, tenant, CONSOLE)
    token = issue_token(connection, tenant, CONSOLE, None)
    assert token is not None
    return token
