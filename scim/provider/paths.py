"""Paths below the base URL, as an operation of a bulk request has one."""

from scim.protocol.definitions.assembly import Definitions
from scim.protocol.errors import InvalidSyntaxError, NotFoundError
from scim.protocol.permissions import Permission
from scim.protocol.schema import ResourceType


def endpoint(definitions: Definitions, path: str, permission: Permission) -> ResourceType:
    """Return the resource type at the path of a POST.

    :raises NotFoundError: there is none
    :raises InsufficientScopeError: the client may not write its resources
    """
    found = definitions.by_endpoint.get(path)
    if found is None:
        raise NotFoundError(f"{path[:80]!r} is not the endpoint of a resource type, such as /Users")
    permission.check_type(found)
    return found


def named(definitions: Definitions, path: str, permission: Permission) -> tuple[ResourceType, str]:
    """Return the resource type and the id in the path of a PUT, PATCH or DELETE.

    :raises InvalidSyntaxError: it has not got both
    :raises InsufficientScopeError: the client may not write resources of the type
    """
    start, _, resource_id = path.rpartition("/")
    found = definitions.by_endpoint.get(start)
    if found is None or not resource_id:
        raise InvalidSyntaxError(
            f"{path[:80]!r} is not the path of a resource, such as /Users/2819c223"
        )
    permission.check_type(found)
    return found, resource_id
