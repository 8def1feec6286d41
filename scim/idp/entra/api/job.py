"""The part of the stand-in Entra ID's API that is about the app and its provisioning."""

import json

from ..directory import DEFAULT_ACCESS, Directory, DirectoryError, Record, bad_request
from ..job import RESTART
from ..mapping.schema import read_rules, shown_rules
from ..service import Answer, Routes, Service, collection
from ..target import TargetError

APP_ID = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"  # of apps that are not in the gallery
SERVICE_PRINCIPAL_ID = "c8c95753-f628-48e1-9fab-76c2d4cf624c"
JOB_ID = "scim.1"
JOBS = "/servicePrincipals/{principal_id}/synchronization/jobs"
RESET_SCOPES = RESTART | {"None", "ConnectorDataStore", "Full", "ForceDeletes"}
MOST_MEMBERS_ON_DEMAND = 5

routes = Routes()


@routes.view("GET", "/servicePrincipals")
def list_service_principals(service: Service, _: Record) -> Answer:
    return collection([shown_app(service)])


@routes.view("GET", "/servicePrincipals/{principal_id}")
def get_service_principal(service: Service, _: Record) -> Answer:
    return 200, shown_app(service)


def shown_app(service: Service) -> Record:
    """Return the app as a servicePrincipal of Graph, with its roles."""
    usable = {"allowedMemberTypes": ["User"], "isEnabled": True}
    roles = [role | usable for role in service.directory.app_roles.values()]
    name = "SCIM app"
    return {"id": SERVICE_PRINCIPAL_ID, "appId": APP_ID, "displayName": name, "appRoles": roles}


@routes.view("GET", "/servicePrincipals/{principal_id}/appRoleAssignedTo")
def list_assignments(service: Service, _: Record) -> Answer:
    return collection(list(service.directory.assignments.values()))


@routes.view("POST", "/servicePrincipals/{principal_id}/appRoleAssignedTo")
def assign(service: Service, body: Record) -> Answer:
    if not isinstance(principal := body.get("principalId"), str):
        raise bad_request("A value is required for property 'principalId'.")
    if not isinstance(role := body.get("appRoleId", DEFAULT_ACCESS), str):
        raise bad_request("Invalid value specified for property 'appRoleId'.")
    return 201, service.directory.assign(principal, role)


@routes.view("DELETE", "/servicePrincipals/{principal_id}/appRoleAssignedTo/{assignment}")
def unassign(service: Service, _: Record, assignment: str) -> Answer:
    service.directory.unassign(assignment)
    return 204, None


@routes.view("PUT", "/servicePrincipals/{principal_id}/synchronization/secrets")
def set_secrets(service: Service, body: Record) -> Answer:
    """Take another tenant URL and another token for the app."""
    try:
        secrets = {each["key"]: each["value"] for each in body["value"]}
        service.connect(secrets["BaseAddress"], secrets["SecretToken"])
    except (KeyError, TypeError, ValueError):
        raise bad_request("BaseAddress and SecretToken are required.") from None
    return 204, None


@routes.view("GET", JOBS)
def list_jobs(service: Service, _: Record) -> Answer:
    return collection([shown_job(service)])


@routes.view("GET", JOBS + "/{job_id}")
def get_job(service: Service, _: Record) -> Answer:
    return 200, shown_job(service)


@routes.view("GET", JOBS + "/{job_id}/schema")
def get_schema(service: Service, _: Record) -> Answer:
    """Show the attribute mappings."""
    return 200, shown_rules(service.job.provisioner.rules)


@routes.view("PUT", JOBS + "/{job_id}/schema")
def set_schema(service: Service, body: Record) -> Answer:
    """Take other attribute mappings, with which the next cycle looks at everything."""
    try:
        service.job.map(read_rules(body))
    except ValueError as error:
        raise bad_request(str(error)) from None
    return 204, None


def shown_job(service: Service) -> Record:
    """Return the job as a synchronizationJob of Graph."""
    job = service.job
    ended = job.cycle and job.cycle.ended
    code = "Quarantine" if job.quarantine else "Active" if ended else "NotRun"
    links = [link.endpoint for link in job.provisioner.links.values()]
    kinds = (("User", "Users"), ("Group", "Groups"))
    return {
        "id": JOB_ID,
        "templateId": "scim",
        "schedule": {
            "interval": f"PT{service.interval:g}S",
            "state": "Disabled" if job.state != "Active" else "Active",
        },
        "status": {
            "code": "Paused" if job.state == "Paused" else code,
            "countSuccessiveCompleteFailures": job.failed_cycles,
            "lastExecution": job.cycle and job.cycle.shown(),
            "lastSuccessfulExecution": job.last_good and job.last_good.shown(),
            "quarantine": job.quarantine and job.quarantine.shown(),
            "synchronizedEntryCountByType": [
                {"key": kind, "value": links.count(endpoint)} for kind, endpoint in kinds
            ],
        },
    }


@routes.view("POST", JOBS + "/{job_id}/start")
def start(service: Service, _: Record) -> Answer:
    service.job.start()
    service.asked.set()
    return 204, None


@routes.view("POST", JOBS + "/{job_id}/pause")
def pause(service: Service, _: Record) -> Answer:
    service.job.pause()
    return 204, None


@routes.view("POST", JOBS + "/{job_id}/restart")
def restart(service: Service, body: Record) -> Answer:
    """Start anew; ``resetScope`` names what is forgotten."""
    criteria = body.get("criteria") or {}
    text = criteria.get("resetScope") if isinstance(criteria, dict) else None
    scope = frozenset(each.strip() for each in (text or "").split(",")) - {""}
    if not scope <= RESET_SCOPES:
        raise bad_request(f"Invalid resetScope '{text}'.")
    service.job.restart(scope or RESTART)
    service.asked.set()
    return 204, None


@routes.view("POST", JOBS + "/{job_id}/validateCredentials")
def validate_credentials(service: Service, _: Record) -> Answer:
    """Do what the button "Test Connection" does."""
    try:
        service.job.provisioner.test_connection()
    except TargetError as error:
        raise DirectoryError(400, error.code, error.message) from None
    return 204, None


@routes.view("POST", JOBS + "/{job_id}/provisionOnDemand")
def provision_on_demand(service: Service, body: Record) -> Answer:
    subject, members = _subject(service.directory, body)
    entries = service.job.provision_on_demand(subject, members)
    last = next((each for each in entries if each.error), entries[0])
    result: Record = {"result": last.status.capitalize(), "details": {}}
    if last.error:
        result["details"] = {"errorCode": last.error.code, "errorMessage": last.error.message}
    steps = [step for entry in entries for step in entry.steps]
    value = entries[0].shown(JOB_ID) | {"provisioningSteps": steps}
    return 200, {"key": json.dumps(result), "value": json.dumps(value)}


def _subject(directory: Directory, body: Record) -> tuple[str, frozenset[str]]:
    """Return whom to provision, and which members of a group."""
    try:
        [parameters] = body["parameters"]
        [subject] = parameters["subjects"]
        principal = directory.principal(subject["objectId"])
        links = (subject.get("links") or {}).get("members") or []
        members = frozenset(directory.user(each["objectId"])["id"] for each in links)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_request("parameters must have one subject with an objectId.") from None
    if len(members) > MOST_MEMBERS_ON_DEMAND:
        raise bad_request("At most five members can be provisioned on demand.")
    return principal["id"], members


@routes.view("GET", "/auditLogs/provisioning")
def list_logs(service: Service, _: Record) -> Answer:
    return collection([entry.shown(JOB_ID) for entry in service.job.logs])
