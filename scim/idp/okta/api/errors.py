"""Errors of the stand-in's management API, as Okta writes them."""

from ...scim_client import Record
from ..org import new_id


class OktaError(Exception):
    """A request that cannot be carried out."""

    def __init__(self, status: int, code: str, summary: str, *causes: str) -> None:
        super().__init__(summary)
        self.status, self.code, self.summary, self.causes = status, code, summary, causes

    def shown(self) -> Record:
        return {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": new_id("oae"),
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }


def not_found(what: str, kind: str) -> OktaError:
    return OktaError(404, "E0000007", f"Not found: Resource not found: {what} ({kind})")


def invalid(name: str, problem: str) -> OktaError:
    """Return what is wrong with a field of the request."""
    summary = f"Api validation failed: {name}"
    return OktaError(400, "E0000001", summary, f"{name}: {problem}")


def not_allowed() -> OktaError:
    summary = "This operation is not allowed in the user's current status."
    return OktaError(403, "E0000038", summary)
