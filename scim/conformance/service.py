"""The server that is checked, as a check sees it."""

import json
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from .causes import ABSENT, Causes, operation
from .client import Client, Exchange, NoAnswerError
from .okta.organization import Organization
from .outcomes import Unprepared, expect

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"

# Features that count as supported if ServiceProviderConfig is silent: identity providers need them.
ASSUMED = {"patch", "filter", "index"}
PAGINATION = {"cursor", "index"}  # RFC 9865 §5

Resource = dict[str, Any]


def writable(text: str) -> str:
    """Return text that can be encoded; JSON may escape half of a surrogate pair."""
    return text.encode(errors="replace").decode()


def path_of(endpoint: str, identifier: object) -> str:
    """Return the path of a resource: ``/Users/2819c223``."""
    return f"{endpoint.rstrip('/')}/{quote(str(identifier), safe='')}"


class Service:
    """A service provider as a check sees it; ``clean`` deletes what checks have made in it.

    :param organization: an Okta organization that provisions into the service provider
    """

    def __init__(self, client: Client, organization: Organization | None = None) -> None:
        self.client = client
        self.organization = organization
        self.causes = Causes(client.base_url)
        if organization:
            organization.client.exchanges = client.exchanges
        self.made: dict[str, None] = {}  # all paths so far, in their order
        self._made: list[str] = []
        self._names: list[str] = []

    @property
    def secrets(self) -> list[str]:
        """The tokens and passwords that no report may show."""
        of_okta = self.organization.secrets if self.organization else []
        return [secret for secret in (self.client.token, *of_okta) if secret]

    @cached_property
    def config(self) -> dict[str, Any]:
        """The ServiceProviderConfig (RFC 7643 §5), {} if the server shows none."""
        try:
            answer = self.client.get("/ServiceProviderConfig")
            return answer.json if answer.status == 200 and isinstance(answer.json, dict) else {}
        except (NoAnswerError, ValueError):
            return {}

    def supports(self, name: str) -> bool:
        """Tell whether the server claims a feature: patch, bulk, filter, sort, etag, cursor, ..."""
        if name in PAGINATION:
            pagination = self.config.get("pagination")
            claimed = pagination.get(name) if isinstance(pagination, dict) else None
        else:
            feature = self.config.get(name)
            claimed = feature.get("supported") if isinstance(feature, dict) else None
        return claimed if isinstance(claimed, bool) else name in ASSUMED

    @cached_property
    def endpoints(self) -> set[str]:
        """The endpoints that /ResourceTypes lists."""
        try:
            types = self.client.get("/ResourceTypes").json["Resources"]
            return {"/" + str(each["endpoint"]).strip("/").rpartition("/")[2] for each in types}
        except (NoAnswerError, LookupError, TypeError, ValueError):
            return set()

    def may_lack(self, answer: Exchange) -> bool:
        """Tell whether an answer says that there are no groups, which the server does not claim."""
        asked = operation(answer, self.client.base_url)
        is_absent = asked not in self.causes.working and answer.status in ABSENT
        return is_absent and " /Groups" in asked and "/Groups" not in self.endpoints

    def unique(self, prefix: str) -> str:
        """Return a name that no resource has yet."""
        self._names.append(f"{prefix}-{uuid4().hex[:12]}")
        return self._names[-1]

    def user(self, **attributes: Any) -> Resource:
        """Return the body of a POST of a user with a new name."""
        name = self.unique("scim-check")
        address = f"{name}@example.com"
        return {
            "schemas": [USER_SCHEMA],
            "userName": address,
            "name": {"givenName": "Scim", "familyName": "Check"},
            "displayName": f"Scim Check {name[-12:]}",
            "emails": [{"value": address, "type": "work", "primary": True}],
            "active": True,
        } | attributes

    def group(self, *members: str, **attributes: Any) -> Resource:
        """Return the body of a POST of a group of the resources with these ids."""
        body: Resource = {"schemas": [GROUP_SCHEMA], "displayName": self.unique("scim-check")}
        if members:
            body["members"] = [{"value": member} for member in members]
        return body | attributes

    def new_user(self, **attributes: Any) -> Resource:
        """Create a user and return the server's representation."""
        return self.create("/Users", self.user(**attributes))

    def new_group(self, *members: str, **attributes: Any) -> Resource:
        """Create a group of the resources with these ids; return the server's representation."""
        return self.create("/Groups", self.group(*members, **attributes))

    def create(self, endpoint: str, body: Resource) -> Resource:
        """Create a resource and return the server's representation; fail if the server does not."""
        answer = self.client.post(endpoint, body)
        if answer.status != 201:
            said = f"POST {endpoint} was answered {answer.status} instead of 201"
            raise Unprepared(f"nothing to check with: {said}", answer=answer)
        created = answer.json
        expect(
            isinstance(created, dict) and isinstance(created.get("id"), str) and created["id"],
            f"nothing to check with: the answer to POST {endpoint} has no id",
        )
        return dict(created)

    def remember(self, path: str) -> None:
        """Let ``clean`` delete a resource; it finds those of a POST or a /Bulk by itself."""
        self._made.append(path)

    def clean(self) -> list[str]:
        """Delete what was made since the last call; return the paths that the server keeps."""
        for exchange in self.client.exchanges:
            made = _made(exchange, self.client.base_url)
            self._made += made
            if not made and _is_creation(exchange, self.client.base_url):
                self.client.unanswered.append((exchange.url, exchange.request_body or ""))
            self.client.unanswered += _refused_in_bulk(exchange, self.client.base_url)
        while self.client.unanswered:
            self._made += self._found(*self.client.unanswered.pop())
        paths, self._made = list(dict.fromkeys(reversed(self._made))), []
        self.made |= dict.fromkeys(paths)
        return [path for path in paths if not self._is_gone(path)]

    def named(self, endpoint: str, attribute: str, name: str) -> list[Resource]:
        """Return the resources with a name, [] also if the server does not answer with a list.

        The names are compared here too, because some servers ignore filters.
        """
        try:
            page = self.client.get(endpoint, query={"filter": f'{attribute} eq "{name}"'}).json
            found = [each for each in page["Resources"] if isinstance(each, dict)]
        except (NoAnswerError, LookupError, TypeError, ValueError):
            return []
        return [each for each in found if str(each.get(attribute)).lower() == name.lower()]

    def _found(self, url: str, text: str) -> list[str]:
        """Return the paths of resources that a request without an answer has created after all."""
        endpoint = _path(url, self.client.base_url)
        try:
            body = json.loads(text)
            name = "userName" if "userName" in body else "displayName"
            if not any(unique in body[name] for unique in self._names):
                return []  # a resource of that name may have been there before
            found = self.named(endpoint, name, body[name])
            return [path_of(endpoint, each["id"]) for each in found]
        except (LookupError, TypeError, ValueError):
            return []

    def _is_gone(self, path: str) -> bool:
        try:
            answer = self.client.delete(path)
        except NoAnswerError:
            return False
        return 200 <= answer.status < 300 or answer.status in (404, 410)


def _made(exchange: Exchange, base_url: str) -> list[str]:
    """Return the paths of the resources that a request has created."""
    path = _path(exchange.url, base_url)
    is_ours = exchange.url.startswith(base_url)  # not a request to Okta
    if exchange.method != "POST" or not exchange.text or not is_ours:
        return []
    try:
        body = exchange.json if isinstance(exchange.json, dict) else {}
    except ValueError:
        body = {}
    if path == "/Bulk":
        done = [item for item in body.get("Operations") or () if isinstance(item, dict)]
        places = [item.get("location") for item in done if str(item.get("status")) == "201"]
        return [_last_two(place) for place in places if isinstance(place, str)]
    if not 200 <= exchange.status < 300:  # 201 is right, but some servers create with another
        return []
    if isinstance(body.get("id"), str) and path != "/Me":
        return [path_of(path, body["id"])]
    return [_last_two(exchange.headers["location"])] if "location" in exchange.headers else []


def _is_creation(exchange: Exchange, base_url: str) -> bool:
    """Tell whether a request may have created something, be it that the answer names nothing."""
    is_post = exchange.method == "POST" and 200 <= exchange.status < 300
    path = _path(exchange.url, base_url)
    is_ours = exchange.url.startswith(base_url)
    return is_post and is_ours and path != "/Bulk" and not path.endswith("/.search")


def _refused_in_bulk(exchange: Exchange, base_url: str) -> list[tuple[str, str]]:
    """Return the URLs and bodies of POSTs that a bulk reports as refused, which may be wrong."""
    if _path(exchange.url, base_url) != "/Bulk":
        return []
    try:
        asked = json.loads(exchange.request_body or "")["Operations"]
        said = {each.get("bulkId"): str(each.get("status")) for each in exchange.json["Operations"]}
        return [
            (f"{base_url}{each.get('path')}", json.dumps(each.get("data")))
            for each in asked
            if each.get("method") == "POST" and said.get(each.get("bulkId"), "201") != "201"
        ]
    except (AttributeError, LookupError, TypeError, ValueError):
        return []


def _path(url: str, base_url: str) -> str:
    return urlsplit(url).path.removeprefix(urlsplit(base_url).path)


def _last_two(location: str) -> str:
    """Return ``/Users/2819c223``; a proxy may have changed the beginning of the URL."""
    return "/" + "/".join(urlsplit(location).path.rstrip("/").split("/")[-2:])
