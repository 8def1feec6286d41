"""The errors of a SCIM service provider (RFC 7644 §3.12).

There is one exception for each ``scimType`` (Table 9, and Table 3 of RFC 9865) and HTTP status. An
administrator reads its ``detail``: it says the fault and, behind a semicolon, the remedy.
"""

from .headers import RETRY_AFTER

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """An error answer to a request; subclasses set ``status`` and ``scim_type``.

    ``retry_after`` is the number of seconds after which the client should try again, 0 for never.
    """

    status: int = 400
    scim_type: str | None = None
    retry_after: int = 0

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def within(self, place: str) -> "ScimError":
        """Return the same error with ``place`` (an operation, an attribute) named before it."""
        return type(self)(f"{place}: {self.detail}")


class InvalidFilterError(ScimError):
    """The specified filter syntax was invalid, or the attribute and operator do not go together."""

    scim_type = "invalidFilter"


class UniquenessError(ScimError):
    """One or more of the attribute values are already in use or are reserved."""

    status = 409
    scim_type = "uniqueness"


class MutabilityError(ScimError):
    """The attempted modification is not compatible with the attribute's mutability."""

    scim_type = "mutability"


class InvalidSyntaxError(ScimError):
    """The request body message structure was invalid or did not conform to its schema."""

    scim_type = "invalidSyntax"


class InvalidPathError(ScimError):
    """The "path" attribute was invalid or malformed."""

    scim_type = "invalidPath"


class NoTargetError(ScimError):
    """The "path" did not yield an attribute or value that could be operated on."""

    scim_type = "noTarget"


class InvalidValueError(ScimError):
    """A required value was missing, or a value is not compatible with the attribute's type."""

    scim_type = "invalidValue"


class InvalidCursorError(ScimError):
    """Cursor value is invalid; it should be empty to request the first page (RFC 9865 §2.1)."""

    scim_type = "invalidCursor"


class ExpiredCursorError(ScimError):
    """Cursor has expired; do not wait longer than ``cursorTimeout`` (RFC 9865 §2.1)."""

    scim_type = "expiredCursor"


class InvalidCountError(ScimError):
    """Count value is invalid; it must be equal to that of the initial query (RFC 9865 §2.1)."""

    scim_type = "invalidCount"


class TooManyError(ScimError):
    """The filter asks for more than the service provider is willing to process (Table 9)."""

    scim_type = "tooMany"


class UnauthorizedError(ScimError):
    """Authorization failure: the header is invalid or missing."""

    status = 401


class ForbiddenError(ScimError):
    """Operation is not permitted based on the supplied authorization."""

    status = 403


class InsufficientScopeError(ForbiddenError):
    """The request requires higher privileges than provided by the access token (RFC 6750 §3.1).

    ``scope`` is the one that is missing, empty if it is a resource type that is.
    """

    def __init__(self, detail: str, scope: str = "") -> None:
        super().__init__(detail)
        self.scope = scope


class NotFoundError(ScimError):
    """Specified resource or endpoint does not exist."""

    status = 404


class MethodNotAllowedError(ScimError):
    """The endpoint exists, the HTTP method does not apply to it (RFC 9110 §15.5.6)."""

    status = 405


class RequestTimeoutError(ScimError):
    """The request did not arrive in time."""

    status = 408


class ConflictError(ScimError):
    """The attempt to resolve references between the operations of a bulk job failed (§3.7.1)."""

    status = 409


class PreconditionFailedError(ScimError):
    """Failed to update; the resource has changed on the server."""

    status = 412


class PayloadTooLargeError(ScimError):
    """The request is larger than the service provider takes."""

    status = 413


class UnsupportedMediaTypeError(ScimError):
    """The body's media type is not SCIM JSON (RFC 7644 §3.1)."""

    status = 415


class UnsupportedCodingError(UnsupportedMediaTypeError):
    """The body is compressed, or in another content coding (RFC 9110 §8.4)."""


class SkippedError(ScimError):
    """An operation of a bulk request was not carried out: it had failed too often by then."""

    status = 424


class TooManyRequestsError(ScimError):
    """The client has sent too many requests in a given amount of time (RFC 6585 §4)."""

    status = 429


class InternalError(ScimError):
    """An internal error."""

    status = 500

    def __init__(self, detail: str = "the server failed unexpectedly; its log has the reason"):
        super().__init__(detail)


class NotImplementedYetError(ScimError):
    """Service provider does not support the request operation."""

    status = 501


class UnavailableError(ScimError):
    """The server cannot do it at the moment; the client should try again."""

    status = 503
    retry_after = RETRY_AFTER


class PausedError(UnavailableError):
    """The tenant takes no writes at the moment, because its operator wants it so."""

    retry_after = 60


class TooExpensiveError(UnavailableError):
    """The database stopped the request's work because it took too long."""


def unknown_attribute(name: str) -> str:
    """Return the detail of the error for an attribute that the resource type does not have."""
    return f"the attribute {name!r} is unknown; correct the name or leave it out"
