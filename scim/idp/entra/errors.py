"""Errors of the stand-in for Entra ID, as Microsoft Graph writes them."""

from uuid import uuid4

from ..serving import ApiError
from ..values import Record, now


class GraphError(ApiError):
    """A request that the API refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def show(self) -> Record:
        request_id = str(uuid4())
        inner = {"date": now(), "request-id": request_id, "client-request-id": request_id}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def bad_request(message: str) -> GraphError:
    return GraphError(400, "Request_BadRequest", message)


def not_found(key: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )
