"""The part of the stand-in Entra ID's API that is about users and groups."""

from ..directory import Record, bad_request
from ..service import Answer, Routes, Service, collection, shown

routes = Routes()


@routes.view("GET", "/users")
def list_users(service: Service, _: Record) -> Answer:
    users = service.directory.users.values()
    return collection([shown(user) for user in users if not user["deletedDateTime"]])


@routes.view("POST", "/users")
def create_user(service: Service, body: Record) -> Answer:
    return 201, shown(service.directory.add_user(body))


@routes.view("GET", "/users/{key}")
def get_user(service: Service, _: Record, key: str) -> Answer:
    return 200, shown(service.directory.user(key))


@routes.view("PATCH", "/users/{key}")
def update_user(service: Service, body: Record, key: str) -> Answer:
    service.directory.update_user(key, body)
    return 204, None


@routes.view("DELETE", "/users/{key}")
def delete_user(service: Service, _: Record, key: str) -> Answer:
    service.directory.delete_user(key)
    return 204, None


@routes.view("GET", "/users/{key}/manager")
def get_manager(service: Service, _: Record, key: str) -> Answer:
    manager = service.directory.user(key)["manager"]
    return 200, shown(service.directory.user(manager or "manager"))


@routes.view("PUT", "/users/{key}/manager/$ref")
def set_manager(service: Service, body: Record, key: str) -> Answer:
    service.directory.set_manager(key, referred(body))
    return 204, None


@routes.view("DELETE", "/users/{key}/manager/$ref")
def clear_manager(service: Service, _: Record, key: str) -> Answer:
    service.directory.set_manager(key, None)
    return 204, None


@routes.view("GET", "/directory/deletedItems/microsoft.graph.user")
def list_deleted_users(service: Service, _: Record) -> Answer:
    users = service.directory.users.values()
    return collection(
        [
            shown(user) | {"deletedDateTime": user["deletedDateTime"]}
            for user in users
            if user["deletedDateTime"]
        ]
    )


@routes.view("DELETE", "/directory/deletedItems/{key}")
def purge_user(service: Service, _: Record, key: str) -> Answer:
    service.directory.purge_user(key)
    return 204, None


@routes.view("POST", "/directory/deletedItems/{key}/restore")
def restore_user(service: Service, _: Record, key: str) -> Answer:
    return 200, shown(service.directory.restore_user(key))


@routes.view("GET", "/groups")
def list_groups(service: Service, _: Record) -> Answer:
    return collection([shown(group) for group in service.directory.groups.values()])


@routes.view("POST", "/groups")
def create_group(service: Service, body: Record) -> Answer:
    return 201, shown(service.directory.add_group(body))


@routes.view("GET", "/groups/{key}")
def get_group(service: Service, _: Record, key: str) -> Answer:
    return 200, shown(service.directory.group(key))


@routes.view("PATCH", "/groups/{key}")
def update_group(service: Service, body: Record, key: str) -> Answer:
    service.directory.update_group(key, body)
    return 204, None


@routes.view("DELETE", "/groups/{key}")
def delete_group(service: Service, _: Record, key: str) -> Answer:
    service.directory.delete_group(key)
    return 204, None


@routes.view("GET", "/groups/{key}/members")
def list_members(service: Service, _: Record, key: str) -> Answer:
    members = map(service.directory.member, service.directory.group(key)["members"])
    return collection([shown(member) for member in members if not member.get("deletedDateTime")])


@routes.view("POST", "/groups/{key}/members/$ref")
def add_member(service: Service, body: Record, key: str) -> Answer:
    service.directory.add_member(key, referred(body))
    return 204, None


@routes.view("DELETE", "/groups/{key}/members/{member}/$ref")
def remove_member(service: Service, _: Record, key: str, member: str) -> Answer:
    service.directory.remove_member(key, member)
    return 204, None


def referred(body: Record) -> str:
    """Return the id at the end of the URL in ``@odata.id``."""
    url = body.get("@odata.id")
    if not isinstance(url, str) or not url.strip("/"):
        raise bad_request("Invalid URL format specified in @odata.id property.")
    return url.rstrip("/").rsplit("/", 1)[-1]
