"""The identity providers that Connect leads through: their names, and what each is going to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scim.explain.reasons.checklist import State


@dataclass(frozen=True, slots=True)
class Provider:
    """A page of Connect.

    ``known_as`` is the name in recorded exchanges, ``app`` is the kind of app where a provider has
    several. ``steps`` are keys of the checklist; ``hints`` says how to let each happen.
    """

    slug: str
    name: str
    known_as: str
    about: str
    app: str = ""
    steps: tuple[str, ...] = ("look", "create", "update", "deactivate", "group")
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name}, {self.app}" if self.app else self.name


# The words of a line of the checklist: while it waits, when it is done, and after a failure.
NAMES: Mapping[str, Mapping[State, str]] = {
    key: {"waiting": waiting, "done": done, "failed": failed}
    for key, waiting, done, failed in (
        ("address", "Reach this server", "Reached this server", "Reached a wrong path"),
        ("token", "Send the token", "Sent the right token", "Sent a wrong token"),
        ("look", "Look for a user", "Looked for a user", "Could not look for a user"),
        ("create", "Create a user", "Created a user", "Could not create a user"),
        ("update", "Change a user", "Changed a user", "Could not change a user"),
        ("deactivate", "Deactivate a user", "Deactivated a user", "Could not deactivate a user"),
        ("group", "Push a group", "Pushed a group", "Could not push a group"),
    )
}
OKTA = {
    "look": "Assignments > Assign to People: Okta looks first whether the person is here.",
    "create": "The same assignment creates the person here.",
    "update": "Directory > People: change the person's profile in Okta.",
    "deactivate": "Remove the assignment. Okta sets active to false, and never deletes.",
    "group": "Push Groups > Push Groups > Find groups by name.",
}
PROVIDERS = (
    Provider(
        "okta",
        "Okta",
        "Okta",
        "The template app SCIM 2.0 Test App (Header Auth). Take it unless you have an app already.",
        "template app",
        hints=OKTA | {"address": "Test API Credentials sends the first request."},
    ),
    Provider(
        "okta-wizard",
        "Okta",
        "Okta",
        "A SAML or SWA app of the App Integration Wizard, with SCIM added to it.",
        "wizard app",
        hints=OKTA | {"address": "Test Connector Configuration sends the first request."},
    ),
    Provider(
        "entra",
        "Microsoft Entra ID",
        "Entra ID",
        "An enterprise application that is not in the gallery.",
        hints={
            "address": "Test Connection asks for a user who does not exist.",
            "look": "Provision on demand: pick a person, Provision.",
            "create": "The same step creates the person here.",
            "update": "Change the person in Entra ID, and provision on demand again.",
            "deactivate": "Take the person out of Users and groups, and provision again.",
            "group": "Assign a group, and start provisioning; cycles follow every 40 minutes.",
        },
    ),
    Provider(
        "onelogin",
        "OneLogin",
        "OneLogin",
        "The app SCIM Provisioner with SAML (SCIM v2 Enterprise).",
        hints={"address": "Enable the API connection: OneLogin asks for a user first."},
    ),
    Provider(
        "jumpcloud",
        "JumpCloud",
        "JumpCloud",
        "A custom application with Identity Management.",
        hints={
            "address": "Test Connection sends the first request.",
            "create": "Activate: JumpCloud creates a test user.",
            "deactivate": "Activate: JumpCloud takes its test user away again.",
        },
    ),
    Provider(
        "google",
        "Google Workspace",
        "Google",
        "Automatic provisioning of an app of Google's catalog.",
        steps=("look", "create", "update", "deactivate"),
        hints={"address": "Google asks for one user when you save the address and the token."},
    ),
    Provider(
        "authentik",
        "authentik",
        "authentik",
        "A SCIM provider, as backchannel of an application.",
        steps=("create", "update", "group"),
        hints={
            "address": "authentik reads what the server can do before its first sync.",
            "create": "Run the sync on the provider's page.",
        },
    ),
)
BY_SLUG = {each.slug: each for each in PROVIDERS}
KNOWN = {each.known_as for each in PROVIDERS}
