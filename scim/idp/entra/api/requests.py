"""Read requests to the API, and show the objects of the directory."""

import json

from flask import current_app, request

from ...values import Record
from ..directory import Directory
from ..errors import GraphError, bad_request
from ..service import Service

NOT_SHOWN = {"manager", "members", "deletedDateTime"}


def service() -> Service:
    found: Service = current_app.extensions["entra"]
    return found


def directory() -> Directory:
    return service().directory


def body() -> Record:
    """Return the JSON object of the body; no body counts as an empty object."""
    try:
        sent = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.")
    return sent


def referenced_id() -> str:
    """Return the id at the end of the URL in ``@odata.id``."""
    url = body().get("@odata.id")
    if not isinstance(url, str) or not url.strip("/"):
        raise bad_request("Invalid URL format specified in @odata.id property.")
    return url.rstrip("/").rsplit("/", 1)[-1]


def show(record: Record) -> Record:
    """Return an object without its references, for which Graph has paths of their own."""
    return {name: value for name, value in record.items() if name not in NOT_SHOWN}


def show_all(records: list[Record]) -> Record:
    return {"value": records}
