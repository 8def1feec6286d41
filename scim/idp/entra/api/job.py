"""``.../synchronization/jobs``: the provisioning job, its mapping and its log."""

import json

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...values import Record
from ..errors import GraphError, bad_request, not_found
from ..job import RESTART
from ..mapping.schema import read_rules, show_rules
from ..target import TargetError
from .requests import body, directory, service, show_all

JOB_ID = "scim.1"
JOBS = "/servicePrincipals/<principal_id>/synchronization/jobs"
JOB = f"{JOBS}/<job_id>"
RESET_SCOPES = RESTART | {"None", "ConnectorDataStore", "Full", "ForceDeletes"}
MOST_MEMBERS_ON_DEMAND = 5

bp = Blueprint("job", __name__)


@bp.before_request
def check_job() -> None:
    """Take the id of the only job out of the path, or answer 404."""
    asked = (request.view_args or {}).pop("job_id", JOB_ID)
    if asked != JOB_ID:
        raise not_found(asked)


@bp.get(JOBS)
def list_jobs() -> ResponseReturnValue:
    return show_all([show_job()])


@bp.get(JOB)
def get_job() -> ResponseReturnValue:
    return show_job()


@bp.get(f"{JOB}/schema")
def get_schema() -> ResponseReturnValue:
    """Show the attribute mappings."""
    return show_rules(service().job.provisioner.rules)


@bp.put(f"{JOB}/schema")
def set_schema() -> ResponseReturnValue:
    """Change the attribute mappings; the next cycle looks at every object."""
    try:
        service().job.change_rules(read_rules(body()))
    except ValueError as error:
        raise bad_request(str(error)) from None
    return "", 204


@bp.post(f"{JOB}/start")
def start() -> ResponseReturnValue:
    service().job.start()
    service().asked.set()
    return "", 204


@bp.post(f"{JOB}/pause")
def pause() -> ResponseReturnValue:
    service().job.pause()
    return "", 204


@bp.post(f"{JOB}/restart")
def restart() -> ResponseReturnValue:
    """Start anew; ``resetScope`` names what the job forgets."""
    criteria = body().get("criteria") or {}
    text = criteria.get("resetScope") if isinstance(criteria, dict) else None
    scope = frozenset(each.strip() for each in (text or "").split(",")) - {""}
    if not scope <= RESET_SCOPES:
        raise bad_request(f"Invalid resetScope '{text}'.")
    service().job.restart(scope or RESTART)
    service().asked.set()
    return "", 204


@bp.post(f"{JOB}/validateCredentials")
def validate_credentials() -> ResponseReturnValue:
    """Do what the button "Test Connection" does."""
    try:
        service().job.provisioner.test_connection()
    except TargetError as error:
        raise GraphError(400, error.code, error.message) from None
    return "", 204


@bp.post(f"{JOB}/provisionOnDemand")
def provision_on_demand() -> ResponseReturnValue:
    subject, members = _read_subject(body())
    entries = service().job.provision_on_demand(subject, members)
    last = next((each for each in entries if each.error), entries[0])
    result: Record = {"result": last.status.capitalize(), "details": {}}
    if last.error:
        result["details"] = {"errorCode": last.error.code, "errorMessage": last.error.message}
    steps = [step for entry in entries for step in entry.steps]
    value = entries[0].show(JOB_ID) | {"provisioningSteps": steps}
    return {"key": json.dumps(result), "value": json.dumps(value)}


@bp.get("/auditLogs/provisioning")
def list_logs() -> ResponseReturnValue:
    return show_all([entry.show(JOB_ID) for entry in service().job.logs])


def _read_subject(sent: Record) -> tuple[str, frozenset[str]]:
    """Return the id of the user or group to provision, and the ids of the group's members."""
    try:
        [parameters] = sent["parameters"]
        [subject] = parameters["subjects"]
        principal = directory().find_principal(subject["objectId"])
        links = (subject.get("links") or {}).get("members") or []
        members = frozenset(directory().find_user(each["objectId"])["id"] for each in links)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_request("parameters must have one subject with an objectId.") from None
    if len(members) > MOST_MEMBERS_ON_DEMAND:
        raise bad_request("At most five members can be provisioned on demand.")
    return principal["id"], members


def show_job() -> Record:
    """Return the job as a synchronizationJob of Graph."""
    job = service().job
    ended = job.cycle and job.cycle.ended
    code = "Quarantine" if job.quarantine else "Active" if ended else "NotRun"
    links = [link.endpoint for link in job.provisioner.links.values()]
    kinds = (("User", "Users"), ("Group", "Groups"))
    return {
        "id": JOB_ID,
        "templateId": "scim",
        "schedule": {
            "interval": f"PT{service().interval:g}S",
            "state": "Disabled" if job.state != "Active" else "Active",
        },
        "status": {
            "code": "Paused" if job.state == "Paused" else code,
            "countSuccessiveCompleteFailures": job.failed_cycles,
            "lastExecution": job.cycle and job.cycle.show(),
            "lastSuccessfulExecution": job.last_good and job.last_good.show(),
            "quarantine": job.quarantine and job.quarantine.show(),
            "synchronizedEntryCountByType": [
                {"key": kind, "value": links.count(endpoint)} for kind, endpoint in kinds
            ],
        },
    }
