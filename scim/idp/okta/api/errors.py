"""Errors of the management API, as Okta writes them."""

from ...serving import ApiError
from ...values import Record
from ..org import new_id


class OktaError(ApiError):
    """A request that the API refuses."""

    def __init__(self, status: int, code: str, summary: str, *causes: str) -> None:
        super().__init__(summary)
        self.status, self.code, self.summary, self.causes = status, code, summary, causes

    def show(self) -> Record:
        return {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": new_id("oae"),
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }


def not_found(key: str, kind: str) -> OktaError:
    return OktaError(404, "E0000007", f"Not found: Resource not found: {key} ({kind})")


def no_endpoint() -> OktaError:
    return OktaError(404, "E0000022", "The endpoint does not exist")


def malformed() -> OktaError:
    return OktaError(400, "E0000003", "The request body was not well-formed.")


def invalid(name: str, problem: str) -> OktaError:
    """Return the error that names a field of the request."""
    summary = f"Api validation failed: {name}"
    return OktaError(400, "E0000001", summary, f"{name}: {problem}")


def blank(name: str) -> OktaError:
    return invalid(name, "The field cannot be left blank")


def taken(name: str) -> OktaError:
    return invalid(name, "An object with this field already exists in the current organization")


def not_allowed() -> OktaError:
    summary = "This operation is not allowed in the user's current status."
    return OktaError(403, "E0000038", summary)
