"""Remedies where an operator limits what a provider may do: brake, protection, scopes, a pause."""

from .access import Remedy

BRAKE = "the brake stops this"  # the beginnings of details
PROTECTED = ("the user is protected", "the change would end", "the group's name", "a user in the")
PERMITS = ("this token does not have the scope", "this token is ")
PAUSED = "this tenant takes no changes"

GUARDED: dict[str, Remedy] = {
    "braked": Remedy(
        "The brake stopped it",
        "The provider has deactivated or deleted more within a short time than the tenant allows, "
        "so nothing of the request was stored.{error}",
        {
            "Okta": "In Okta, look first why so many leave: at the app's assignments, the rules of "
            "groups and the last import.",
            "Entra ID": "In Entra ID, look first why so many leave: at Users and groups of the "
            "application, and at the scoping filter. Then use Restart provisioning.",
            "": "Look first why the provider deactivates or deletes so many.",
        },
        "`python manage.py history --since 1h --tenant {tenant}` shows who has left. If it was "
        "meant, `python manage.py tenant release {tenant}`, or Operate, lets the rest pass; the "
        "provider must send it again.",
    ),
    "protected": Remedy(
        "The user is protected",
        "The operator of this server protects the user, so SCIM can neither deactivate, delete nor "
        "rename it, nor take it out of a group that protects it.{error}",
        {
            "Okta": "In Okta, assign the app to the user again, or leave the user out of the "
            "import.",
            "Entra ID": "In Entra ID, keep the user in the scope of the application.",
            "": "Leave the user out.",
        },
        "`python manage.py user protected --tenant {tenant}` shows the rules, and "
        "`python manage.py user unprotect --tenant {tenant}` ends one.",
    ),
    "not permitted": Remedy(
        "The token does not permit it",
        "The token, or the OAuth client, is limited to some scopes or resource types.{error}",
        {"": "Use a token that permits it; the same request fails again."},
        "`python manage.py token list --tenant {tenant}` shows what each token permits, and "
        "`client list` what each OAuth client does.",
    ),
    "paused": Remedy(
        "The tenant is paused",
        "The operator of this server has paused the tenant, so clients change nothing in it.",
        {"": "Nothing is to change in the provider: it tries again."},
        "`python manage.py tenant resume {tenant}`, or Operate, lets clients change it again.",
    ),
}


def guard_of(detail: str) -> str:
    """Return the kind of a refusal by its detail; empty if it is none of these."""
    if detail.startswith(BRAKE):
        return "braked"
    if detail.startswith(PERMITS):
        return "not permitted"
    if detail.startswith(PAUSED):
        return "paused"
    return "protected" if detail.startswith(PROTECTED) else ""
