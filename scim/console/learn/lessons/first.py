"""The first lessons: resources, a new user, a filter, a PATCH, leaving."""

from .lesson import (
    USER,
    Got,
    Lesson,
    Names,
    Sent,
    Verdict,
    in_the_way,
    patch,
    refused,
    right,
    user,
    written,
    wrong,
)


def _kinds(_: Names, sent: Sent, got: Got) -> Verdict:
    names = [each.get("name") for each in got.resources]
    if "User" in names and "Group" in names and sent.path.lower() == "/resourcetypes":
        return right("Right. The server has at least two kinds: User and Group.")
    if got.status == 200 and sent.path.lower() == "/users":
        return wrong("Not yet: this is a list of users. Ask for /ResourceTypes instead.")
    return wrong("Not yet: send GET to /ResourceTypes, with a capital R and T.")


def _created(names: Names, sent: Sent, got: Got) -> Verdict:
    wanted = names.user_name()
    if got.status == 409 and sent.user_name == wanted:
        return in_the_way(
            "Ana is there already: this server never has two users with the same userName."
        )
    if got.status == 201 and got.json.get("userName") == wanted:
        given = got.json.get("id")
        return right(f"You created the user. Look: the server gave her the id {given}.")
    if got.status == 201:
        return wrong(f"You created a user, but not the one we need: her userName is {wanted}.")
    if sent.method != "POST":
        return wrong("Not yet: a new resource is made with POST.")
    return refused(got)


def _found(names: Names, sent: Sent, got: Got) -> Verdict:
    if got.status != 200:
        return refused(got)
    found = [each.get("id") for each in got.resources]
    if found == [names.id()] and "filter=" in sent.target:
        return right("Right: one user, Ana. The list says so in totalResults.")
    if names.id() in found:
        return wrong(
            f"Ana is among these {len(found)}, but a filter should find her alone. "
            "Compare userName with eq."
        )
    return wrong("Not yet: this list does not have Ana. Is her userName spelt right?")


def _titled(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method != "PATCH":
        return wrong("Not yet: choose the method PATCH. It changes a part, and leaves the rest.")
    if got.status != 200:
        return refused(got)
    if got.json.get("id") == names.id() and got.json.get("title") == "Guide":
        return right("Right: Ana is a Guide now, and everything else about her stayed as it was.")
    return wrong("The server took it, but Ana's title is not Guide. Look at path and value.")


def _deactivated(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method == "DELETE" and got.status == 204:
        return wrong(
            "You deleted Ana. That is what we wanted to avoid: she is gone from every list, "
            "and nobody can sign her in again. Prepare the lesson again, and deactivate her."
        )
    if sent.method not in ("PATCH", "PUT"):
        return wrong("Not yet: deactivating is a change, so it is a PATCH.")
    if got.status != 200:
        return refused(got)
    if got.json.get("id") == names.id() and got.json.get("active") is False:
        return right("Right: Ana cannot sign in any more, but she is still there.")
    if got.is_idle:
        return wrong("Ana was active already, so this changed nothing. Set active to false.")
    return wrong("The server took it, but Ana is still active. Set active to false.")


LESSONS = (
    Lesson(
        "what-is-a-resource",
        "What is a resource?",
        "Who speaks SCIM with whom, and about what.",
        lambda _: "Ask the server which kinds of resources it has: send GET to /ResourceTypes.",
        lambda _: Sent("GET", "/Users"),
        lambda _: Sent("GET", "/ResourceTypes"),
        _kinds,
        "Each entry says what a kind is called and where it lives: users under /Users, groups "
        "under /Groups. A provider asks this once, to learn what a server can do.",
    ),
    Lesson(
        "create-a-user",
        "Create a user",
        "POST, and the id that comes back.",
        lambda names: f"Create a user with the userName {names.user_name()}.",
        lambda _: Sent("POST", "/Users", written({"schemas": [USER], "userName": "…"})),
        lambda names: Sent(
            "POST",
            "/Users",
            written(user(names, "ana", name={"givenName": "Ana", "familyName": "Novak"})),
        ),
        _created,
        "The provider keeps this id, for every later request about Ana has it in its URL. The "
        "server has also added meta, with the time and the version, and active: true.",
        blank="Ana's userName",
        makes=lambda names: [("/Users", f'userName eq "{names.user_name()}"')],
    ),
    Lesson(
        "find-with-a-filter",
        "Find with a filter",
        "Ask for one person among thousands.",
        lambda names: f"Find Ana by her userName, {names.user_name()}.",
        lambda _: Sent("GET", '/Users?filter=userName eq "…"'),
        lambda names: Sent("GET", f'/Users?filter=userName eq "{names.user_name()}"'),
        _found,
        "A list always has totalResults and Resources, even if it has one entry or none. Upper and "
        "lower case do not matter in a userName. The Lab explains every filter.",
        needs=("ana",),
        blank="Ana's userName",
    ),
    Lesson(
        "change-with-patch",
        "Change with PATCH",
        "Change one thing, and leave the rest.",
        lambda _: "Give Ana the title Guide.",
        lambda names: Sent(
            "PATCH",
            f"/Users/{names.id()}",
            patch({"op": "replace", "path": "…", "value": "…"}),
        ),
        lambda names: Sent(
            "PATCH",
            f"/Users/{names.id()}",
            patch({"op": "replace", "path": "title", "value": "Guide"}),
        ),
        _titled,
        "A PATCH may have many operations, and all of them happen or none. The version in meta has "
        "gone up by one: each change makes a new version.",
        needs=("ana",),
        blank="the attribute and its new value",
    ),
    Lesson(
        "deactivate-not-delete",
        "Deactivate, not delete",
        "What happens when somebody leaves.",
        lambda _: "Ana has left the company. Deactivate her, and do not delete her.",
        lambda names: Sent(
            "PATCH",
            f"/Users/{names.id()}",
            patch({"op": "replace", "path": "active", "value": True}),
        ),
        lambda names: Sent(
            "PATCH",
            f"/Users/{names.id()}",
            patch({"op": "replace", "path": "active", "value": False}),
        ),
        _deactivated,
        "If she comes back, active: true is all it takes: her id, her groups and her data are as "
        "they were. Okta never deletes a user, and Entra ID does so after 30 days.",
        needs=("ana",),
    ),
)
