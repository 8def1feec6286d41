"""``/servicePrincipals``: the app, its assignments, and the secrets for its SCIM server."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...values import Record
from ..directory import DEFAULT_ACCESS
from ..errors import bad_request, not_found
from .requests import body, directory, service, show_all

APP_ID = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"  # Entra ID's id for apps outside of its gallery
SERVICE_PRINCIPAL_ID = "c8c95753-f628-48e1-9fab-76c2d4cf624c"

bp = Blueprint("app", __name__)


@bp.before_app_request
def check_principal() -> None:
    """Take the id of the only service principal out of the path, or answer 404."""
    asked = (request.view_args or {}).pop("principal_id", SERVICE_PRINCIPAL_ID)
    if asked != SERVICE_PRINCIPAL_ID:
        raise not_found(asked)


@bp.get("/servicePrincipals")
def list_service_principals() -> ResponseReturnValue:
    return show_all([show_app()])


@bp.get("/servicePrincipals/<principal_id>")
def get_service_principal() -> ResponseReturnValue:
    return show_app()


@bp.get("/servicePrincipals/<principal_id>/appRoleAssignedTo")
def list_assignments() -> ResponseReturnValue:
    return show_all(list(directory().assignments.values()))


@bp.post("/servicePrincipals/<principal_id>/appRoleAssignedTo")
def assign() -> ResponseReturnValue:
    sent = body()
    if not isinstance(principal := sent.get("principalId"), str):
        raise bad_request("A value is required for property 'principalId'.")
    if not isinstance(role := sent.get("appRoleId", DEFAULT_ACCESS), str):
        raise bad_request("Invalid value specified for property 'appRoleId'.")
    return directory().assign(principal, role), 201


@bp.delete("/servicePrincipals/<principal_id>/appRoleAssignedTo/<assignment>")
def unassign(assignment: str) -> ResponseReturnValue:
    directory().unassign(assignment)
    return "", 204


@bp.put("/servicePrincipals/<principal_id>/synchronization/secrets")
def set_secrets() -> ResponseReturnValue:
    """Change the tenant URL and the token of the app."""
    try:
        secrets = {each["key"]: each["value"] for each in body()["value"]}
        service().connect(secrets["BaseAddress"], secrets["SecretToken"])
    except (KeyError, TypeError, ValueError):
        raise bad_request("BaseAddress and SecretToken are required.") from None
    return "", 204


def show_app() -> Record:
    """Return the app as a servicePrincipal of Graph, with its roles."""
    usable = {"allowedMemberTypes": ["User"], "isEnabled": True}
    roles = [role | usable for role in directory().app_roles.values()]
    name = "SCIM app"
    return {"id": SERVICE_PRINCIPAL_ID, "appId": APP_ID, "displayName": name, "appRoles": roles}
