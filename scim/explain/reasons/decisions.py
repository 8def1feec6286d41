"""Rows of docs/decisions.md and docs/tolerances.md that answers follow from, in a line each."""

from dataclasses import dataclass

from ..sentences import tolerances


@dataclass(frozen=True, slots=True)
class Link:
    """A row of a document: its file in ``docs``, the heading above it, and its first cell."""

    document: str
    anchor: str
    row: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of this server where the RFCs leave a choice, with the row that says so."""

    says: str
    link: Link


def _row(anchor: str, row: str, says: str) -> Decision:
    return Decision(says, Link("decisions.md", anchor, row))


ANSWER = _row(
    "answers", "What do PUT and PATCH answer?", "PUT and PATCH answer 200 with the resource."
)
LARGE_GROUP = _row(
    "answers",
    "What does a PATCH of a large group answer?",
    "The answer to a PATCH leaves members out if there are more than 100.",
)
NOTHING_CHANGED = _row(
    "answers",
    "A request that changes no value",
    "Nothing changed, so the version stays as it is.",
)
DISCOVERY = _row(
    "answers", "Does discovery need the token?", "These endpoints need the token, too."
)
NO_TOKEN = _row(
    "answers",
    "Unknown endpoint or method, without a token",
    "Without a token every request is 401, so that nobody learns which endpoints there are.",
)
DEMO = _row(
    "answers",
    "The demo token `123456789`",
    "Everybody knows the demo token, so it counts on this machine and through a tunnel only.",
)
TOO_OFTEN = _row(
    "answers",
    "Too many requests",
    "A tenant that sends more requests than its limit waits as long as Retry-After says.",
)
NEARLY = _row(
    "answers",
    "A path that is nearly an endpoint, such as `/users` or `/scim/v1/Users`",
    "The error names the path that is meant, if it is nearly one.",
)
ME = _row("answers", "`/Me` with a token that names no user", "A token that names no user is 501.")
DISCOVERY_FILTER = _row(
    "answers", "`filter` on a discovery endpoint", "A filter on these endpoints is refused."
)
ACTIVE = _row("users", "POST without `active`", "A user who is created without active is active.")
DEACTIVATED = _row(
    "users",
    "Does `active` false delete a user?",
    "A deactivated user stays: reads and lists return the user as before.",
)
DELETED = _row("users", "DELETE", "The user leaves all groups, and the userName is free again.")
CASE = _row(
    "users",
    "Upper and lower case",
    "Upper and lower case are the same in a userName, so Jane and JANE are one name.",
)
INVISIBLE = _row(
    "users",
    "Invisible characters in a `userName`",
    "A userName with an invisible character is refused.",
)
SEVERAL_PRIMARY = _row(
    "users", "Several primary values", "A new primary value takes that from the old one."
)
MANAGER = _row(
    "users", "`manager`", "The manager is kept as sent, even if there is no such user yet."
)
GROUPS_SENT = _row("users", "`groups` in a request", "groups is read-only: POST and PUT ignore it.")
ACTIVE_REMOVED = _row(
    "users",
    "`remove` of `active`, or `null` in a PATCH",
    "A user is active or not: active cannot be removed.",
)
GROUP_NAME = _row(
    "groups",
    "Two groups with one name",
    "A group's name is unique here (setting SCIM_UNIQUE_GROUP_NAMES).",
)
UNKNOWN_MEMBER = _row(
    "groups",
    "A member that does not exist",
    "Nothing changes if one member is unknown (setting SCIM_SKIP_UNKNOWN_MEMBERS).",
)
LISTED_MEMBERS = _row(
    "groups",
    "`remove` of `members` with a list as value",
    "A remove with a list removes only those in the list.",
)
MEMBER_FIXED = _row(
    "groups",
    "Replacing a member's sub-attributes",
    "A member cannot be changed, only removed and added.",
)
READ_GROUP = _row(
    "groups", "GET of a large group", "A large group is read and sent a thousand members at a time."
)
CIRCLE = _row("groups", "Groups in groups", "Groups may be in groups, but never in a circle.")
GROUP_DELETED = _row("groups", "DELETE of a group", "The group goes, and its members stay.")
LEFT_OUT = _row(
    "put-and-patch",
    "Attributes that a PUT leaves out",
    "A PUT clears what it leaves out, except the password and active.",
)
PUT_MISSING = _row(
    "put-and-patch",
    "PUT of an id that does not exist",
    "Only POST creates, so a PUT to an unknown id is 404.",
)
NO_MATCH = _row(
    "put-and-patch",
    "`replace` with a filter that matches nothing",
    "A replace that matches nothing is refused, unless it is in Entra ID's dialect.",
)
NO_PATH = _row(
    "put-and-patch",
    "`remove` without a path, or with an empty one",
    "A remove must say what it removes.",
)
REQUIRED_REMOVED = _row(
    "put-and-patch",
    "`remove` of a required attribute",
    "A required attribute cannot be removed, unless a later operation sets it again.",
)
ALL_OR_NONE = _row(
    "put-and-patch", "One operation fails", "If one operation fails, none is applied."
)
MISSING_SCHEMAS = _row("put-and-patch", "Missing `schemas`", "Every message needs schemas.")
IF_MATCH = _row(
    "put-and-patch", "`If-Match` with another version", "A version that is not the newest is 412."
)
IF_NONE_MATCH = _row(
    "put-and-patch", "`If-None-Match` on a change", "The condition is false, so nothing may change."
)
BULK_EACH = _row(
    "bulk", "Transactions", "Each operation stands for itself: one that fails undoes no other."
)
BULK_BODIES = _row("bulk", "Response bodies", "Only operations that failed have a body.")
BULK_LARGE = _row(
    "bulk", "Too many operations, or bytes", "A request that is too large changes nothing."
)
BULK_REFERENCE = _row(
    "bulk",
    "A reference to a failed operation, or to none",
    "An operation that refers to a failed one fails with it.",
)
EMPTY_FILTER = _row("filters", "An empty `filter=`", "An empty filter is not the same as none.")
QUOTATION_MARKS = _row(
    "filters",
    "Quotation marks of word processors, `userName eq “x”`",
    "Only straight quotation marks are those of a filter.",
)
UNKNOWN_ATTRIBUTE = _row(
    "filters",
    "An unknown attribute",
    "A filter with an unknown attribute is refused: to ignore it would return everybody.",
)
PASSWORD_FILTER = _row("filters", "`password`", "Nobody may search by password.")
NOTHING_FOUND = _row("lists", "Nothing found", "Nothing found is 200 with an empty list, not 404.")
TOO_MANY = _row("lists", "Too many results", "A page has SCIM_MAX_PAGE_SIZE resources at most.")
TOO_LONG = _row(
    "lists",
    "A query that takes too long",
    "A query that takes longer than SCIM_QUERY_TIMEOUT is stopped.",
)
OUT_OF_RANGE = _row(
    "lists", "Numbers out of range", "A page behind the last one is empty, with the right total."
)
ORDER = _row(
    "lists",
    "Order",
    "Without sortBy the order is that of creation, so that no page misses anybody.",
)
CURSOR = _row("lists", "What is a cursor?", "A cursor is a place in one query of one tenant.")
SORT = _row("lists", "Unknown `sortBy`", "To sort by an unknown attribute is refused.")
NUMBERS = _row(
    "lists", "Texts instead of numbers", "A text where a number belongs is refused, not ignored."
)
BRAKE = _row(
    "other-clients",
    "A provider deactivates or deletes very many",
    "So many are not deactivated or deleted within such a time, unless an operator says so.",
)
PROTECTED = _row(
    "other-clients",
    "A protected user",
    "Nothing that a provider sends takes a protected user away.",
)
SCOPE = _row(
    "tokens-and-tenants",
    "A missing scope or resource type",
    "A token that does not permit a request is refused; the error names what is missing.",
)
PAUSED = _row(
    "tokens-and-tenants",
    "A change in a paused tenant",
    "A paused tenant takes no change from clients; reads go on.",
)
UNKNOWN_SENT = _row(
    "input", "Unknown attributes", "Unknown attributes in a body are ignored, those in a path not."
)
NO_JSON = _row("input", "Not JSON, or not UTF-8", "A body that is no JSON cannot be read.")
BEARER = _row("input", "`bearer`", "The token comes behind the word Bearer, in any case.")
MEDIA = _row("input", "Media type", "The body must be application/scim+json or application/json.")
CODING = _row(
    "input",
    "A body with `Content-Encoding`, such as `gzip`",
    "A compressed body is refused.",
)


def tolerance(name: str) -> Decision:
    """Return what a tolerance did to a request, with its row."""
    return Decision(tolerances.words(name), Link("tolerances.md", "all-of-them", f"`{name}`"))
