"""A morning at a made-up company: Okta and Entra ID send what they send, and some of it fails."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from scim.idp.entra.directory import Directory
from scim.idp.entra.service import new_service
from scim.idp.okta.api.application import create_api
from scim.idp.okta.org import App, Org
from scim.idp.okta.provisioning import HEADERS
from scim.idp.okta.service import Service

AGENT = "Microsoft Azure AD SCIM provisioning"
API_TOKEN = "00in-process"
JANE = ("Jane", "Berg", "Guide")
OKTA_PEOPLE = (JANE, ("Omar", "Haddad", "Driver"), ("Mei", "Tanaka", "Cook"))
ENTRA_PEOPLE = (("Lena", "Fischer"), ("Raj", "Patel"))


def address(first: str) -> str:
    return f"{first.lower()}@example.com"


def play(url: str, token: str, pause: float = 0) -> dict[str, str]:
    """Play the morning once, and return the ids of ``jane``, ``raj`` and the ``group``.

    The newest requests are those that teach most. ``pause`` is the seconds between its parts.
    """
    with okta(url, token) as org:
        okta_assigns(org, pause)
        raj = entra(url, token, pause)
        time.sleep(pause)
        okta_changes(org)
        app = org.service.org.app
        [mapping] = app.mappings.values()
        ids = {"jane": app.links[org.user("Jane")].scim_id, "group": str(mapping.target_id)}
    time.sleep(pause)
    mistakes(url, token, raj)
    return ids | {"raj": raj}


class Okta:
    """An administrator of the stand-in, who uses its API and waits for its tasks."""

    def __init__(self, url: str, token: str) -> None:
        self.service = Service(Org(App("template")), url, token, lambda _: None, 0.01)
        self.api = create_api(self.service, API_TOKEN).test_client()
        self.api.environ_base["HTTP_AUTHORIZATION"] = f"SSWS {API_TOKEN}"
        self.app = f"/apps/{self.service.org.app.id}"
        self.service.start()
        self.service.queue.join()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.api.open(f"/api/v1{path}", method=method, json=body)
        self.service.queue.join()
        return answer.json if answer.data else None

    def user(self, first: str) -> str:
        """Return the id of a user, whom the story has assigned."""
        users = self.service.org.users.values()
        return next(each.id for each in users if each.profile["login"] == address(first))


@contextmanager
def okta(url: str, token: str) -> Iterator[Okta]:
    """An organization that has tested its credentials."""
    org = Okta(url, token)
    yield org
    org.service.stop()


def okta_assigns(org: Okta, pause: float) -> None:
    """Assign the app to three people, and push a group."""
    for first, last, title in OKTA_PEOPLE:
        profile = {"firstName": first, "lastName": last, "title": title, "department": "Tours"}
        profile |= {"login": address(first), "email": address(first)}
        user = org.call("POST", "/users", {"profile": profile})
        org.call("POST", f"{org.app}/users", {"id": user["id"]})
        time.sleep(pause)
    group = org.call("POST", "/groups", {"profile": {"name": "Mountain tours"}})
    for first, *_ in OKTA_PEOPLE[:2]:
        org.call("PUT", f"/groups/{group['id']}/users/{org.user(first)}")
    org.call("POST", f"{org.app}/group-push/mappings", {"sourceGroupId": group["id"]})


def okta_changes(org: Okta) -> None:
    """Promote Jane; Omar leaves."""
    org.call("POST", f"/users/{org.user('Jane')}", {"profile": {"title": "Head of tours"}})
    org.call("POST", f"/users/{org.user('Omar')}/lifecycle/deactivate")


def entra(url: str, token: str, pause: float) -> str:
    """Provision two people and a group, then what has changed of them; return Raj's id."""
    directory = Directory()
    for first, last in ENTRA_PEOPLE:
        values: dict[str, Any] = {
            "displayName": f"{first} {last}",
            "givenName": first,
            "surname": last,
        }
        values |= {"userPrincipalName": address(first), "mailNickname": first.lower()}
        values["accountEnabled"] = True
        directory.assign(directory.add_user(values)["id"])
    office = directory.add_group({"displayName": "Office"})["id"]
    directory.assign(office)
    job = new_service(directory, url, token, "default", "userName", 40, lambda _: None).job
    job.run_cycle()
    time.sleep(pause)
    directory.update_user(address("Lena"), {"mail": "lena.fischer@example.com"})
    for first, _ in ENTRA_PEOPLE:
        directory.add_member(office, str(directory.find_user(address(first))["id"]))
    job.run_cycle()
    raj = job.provisioner.links[str(directory.find_user(address("Raj"))["id"])].target_id
    job.provisioner.target.close()
    return str(raj)


def mistakes(url: str, token: str, raj: str) -> None:
    """Send what an administrator sees as a red error, and what the server has to allow for."""
    known = {"Authorization": f"Bearer {token}"}
    work = [{"value": address("Mei"), "type": "work", "primary": True}]
    again = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": address("Mei"),
        "name": {"givenName": "Mei", "familyName": "Tanaka-Novak"},
        "emails": work,
        "active": True,
    }
    mobile = 'phoneNumbers[type eq "mobile"].value'
    operation = {"op": "Replace", "path": mobile, "value": "+49 30 901820"}
    patch = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [operation],
    }
    with httpx2.Client(timeout=30, trust_env=False, verify=False, headers=HEADERS) as web:
        for _ in range(2):
            web.post(f"{url}/Users", content=json.dumps(again), headers=known)
        agent = {"User-Agent": AGENT}
        web.patch(f"{url}/Users/{raj}", content=json.dumps(patch), headers=known | agent)
        wrong = {"Authorization": f"Bearer {token[:-1]}8"}
        web.get(f"{url}/Users?startIndex=1&count=2", headers=wrong)
