"""Delta queries: the resources that have changed since a token was issued, page by page.

draft-sehgal-scim-delta-query has the messages. A token is sealed for its tenant, and names a moment
and the types that it is for. A resource that changes while a client goes through the pages comes on
a later one. A walk ends where it was when it had passed all changes before its first page, so it
ends however much is written meanwhile. The token on the last page goes back to the moment of the
first one, as a change may have been committed behind a page, and lists the versions that the client
has got since.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from time import time
from typing import NamedTuple

from itsdangerous import BadData, SignatureExpired

from scim.protocol import delta
from scim.protocol.errors import InvalidCountError, InvalidValueError
from scim.protocol.projection import Projection, project, projection
from scim.protocol.references import without_marks
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest
from scim.protocol.values import Record, instant
from scim.serializers.answers import list_response
from scim.serializers.resources import to_json
from scim.serializers.stored import represent
from scim.storage import Operation, Selection, Store
from scim.storage.delta import MOST_SEEN, START, Changed, Delta, Moment, Place

from .cursors import Cursors, serializer
from .operations import Request, shows_related
from .queries import PageSize, narrowed

AGAIN = "get a new one from /.deltaToken, and read all resources again"


class Token(NamedTuple):
    """The content of a delta token: a moment, and the names of the types; None for all."""

    moment: Moment
    types: Sequence[str] | None


class Tokens:
    """Seal and open the delta tokens of one tenant; they are valid for ``seconds``."""

    def __init__(self, key: str, seconds: int, tenant_id: int) -> None:
        self.serializer = serializer(key, f"{tenant_id} delta")
        self.seconds = seconds

    def seal(self, token: Token) -> Record:
        """Return a token for a client, with the instant at which it expires."""
        content = [asdict(token.moment), token.types]
        expiry = instant(time() + self.seconds)
        return {"value": str(self.serializer.dumps(content)), "expiry": expiry}

    def open(self, text: str, types: Sequence[ResourceType]) -> Token:
        """Return the content of a client's token, which has to be for these types.

        :raises InvalidValueError: it was not sealed for this tenant, has expired, or is for others
        """
        try:
            moment, names = self.serializer.loads(text, max_age=self.seconds)
        except SignatureExpired:
            raise InvalidValueError(f"deltaToken has expired; {AGAIN}") from None
        except BadData:
            raise InvalidValueError(f"deltaToken is none of this directory; {AGAIN}") from None
        if names is not None and {each.name for each in types} - set(names):
            raise InvalidValueError(f"deltaToken is for {' '.join(names)}; get one for this path")
        return Token(Moment(**moment), names)


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the pages of a delta query: where it is, and the moment of its first page.

    ``known`` are the last resources that the client got, with their versions. ``end`` is the
    instant at which all changes before the first page had been shown; empty until then.
    """

    place: Place
    count: int
    total: int
    since: str
    until: str
    known: Sequence[str] = ()
    end: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """The tokens, the cursors and the page size of a delta query."""

    tokens: Tokens
    cursors: Cursors
    size: PageSize

    def walk(self, search: SearchRequest, size: int) -> Walk | None:
        """Return the walk that a cursor goes on with; None for the first page."""
        if not search.cursor:
            return None
        said = self.cursors.content(search.cursor)
        walk = Walk(**said | {"place": tuple(said["place"])})
        if search.count is not None and size != walk.count:
            raise InvalidCountError(f"count is {search.count}; it must stay {walk.count}")
        return walk


def issue(store: Store, types: Sequence[ResourceType], tokens: Tokens, is_root: bool) -> str:
    """Return the message with a delta token of this moment."""
    names = None if is_root else [each.name for each in types]
    token = Token(store.moment(types), names)
    return to_json({"schemas": [delta.DELTA_TOKEN_SCHEMA], **tokens.seal(token)})


def query(
    store: Store,
    types: Sequence[ResourceType],
    token_text: str,
    search: SearchRequest,
    request: Request,
    pages: Pages,
) -> str:
    """Return the ListResponse of what has changed since a token was issued.

    :raises InvalidValueError: the token is not valid, or changes since it have been purged
    """
    delta.check_order(search)
    token = pages.tokens.open(token_text, types)
    shown = {
        each: projection(search.attributes, search.excluded_attributes, each, request.tolerated)
        for each in types
    }
    selections, moment = _selections(types, search.filter, shown, request), token.moment
    asked = search.count if search.count is not None else pages.size.default
    size = min(asked, pages.size.most)
    walk = pages.walk(search, size) or _begun(store, types, moment, selections, size)
    if not walk.count and walk.total:  # the client wants the number alone
        return list_response((), walk.total)
    place, count = walk.place, walk.count
    found, after = store.delta(lambda changed: changed.page(moment, selections, place, count))
    if store.delta(Delta.forgotten) > moment.until:
        raise InvalidValueError(f"changes since deltaToken have been purged; {AGAIN}")
    has_history = store.directory.keeps_history
    texts = [_text(each, moment, shown[each.resource_type], has_history) for each in found]
    end = walk.end or (instant(time()) if after and after[0] > walk.until else "")
    known = (*walk.known, *(each.seen for each in found))[-MOST_SEEN:]
    walk = replace(walk, known=known, end=end)
    if after and (not end or after[0] <= end):
        cursor = pages.cursors.seal_content(asdict(replace(walk, place=after)))
        return list_response(texts, walk.total, next_cursor=cursor)
    next_token = pages.tokens.seal(Token(_following(store, types, moment, walk), token.types))
    return list_response(texts, walk.total, next_delta_token=next_token)


def _following(store: Store, types: Sequence[ResourceType], moment: Moment, walk: Walk) -> Moment:
    """Return the moment from which the next query goes on, behind the last page of a walk."""
    seen = (*moment.seen, *walk.known)
    known = store.delta(lambda changed: changed.known(walk.since, types, seen))
    return Moment(walk.since, walk.until, known)


def _begun(
    store: Store,
    types: Sequence[ResourceType],
    moment: Moment,
    selections: Sequence[Selection],
    size: int,
) -> Walk:
    """Return a walk through what has changed since a moment, on pages of ``size`` resources."""
    starts = store.moment(types)
    total = store.delta(lambda changed: changed.count(moment, selections))
    return Walk(START, size, total, starts.since, starts.until)


def _selections(
    types: Sequence[ResourceType],
    text: str | None,
    shown: Mapping[ResourceType, Projection],
    request: Request,
) -> list[Selection]:
    related = {each: shows_related(each, shown[each]) for each in types}
    selections = tuple(Selection(each, with_related=related[each]) for each in types)
    return list(narrowed(selections, text, request))


def _text(changed: Changed, moment: Moment, shown: Projection, has_history: bool) -> str:
    """Return the JSON text of a delta query response."""
    kind, change = changed.resource_type, _change_type(changed, moment)
    made = delta.response(kind.name, change, changed.id)
    if changed.stored is None:
        return to_json(made)
    has_many = change == delta.UPDATE and kind.has_members and has_history and not shown
    if has_many and (operations := _operations(changed)):
        return to_json(made | {"operations": operations})
    return f'{to_json(made)[:-1]},"data":{represent(kind, changed.stored, shown).text}}}'


def _change_type(changed: Changed, moment: Moment) -> str:
    """Return the type of a change; a resource that came back from the trash is created anew."""
    if changed.stored is None:
        return delta.DELETE
    is_known = changed.id in moment.seen_versions
    is_new = changed.stored.created >= moment.since and not is_known
    is_back = any(each.operation is Operation.RESTORE for each in changed.history)
    return delta.CREATE if is_new or is_back else delta.UPDATE


def _operations(changed: Changed) -> list[Record]:
    """Return the operations that lead to a group as it is; none if history does not tell them."""
    made, stored = changed.history, changed.stored
    if stored is None or not _is_complete(changed, stored.version):
        return []

    def state(body: str) -> Record:
        document = json.loads(without_marks(body), strict=False)
        return project(document, changed.resource_type.attributes)

    steps = [
        (state(each.before), state(each.after))
        for each in made
        if each.before is not None and each.after is not None
    ]
    members = {member: joined for each in made for member, joined in each.members.items()}
    return delta.operations(steps, state(stored.body), members)


def _is_complete(changed: Changed, version: int) -> bool:
    """Tell whether the known changes are all that led from the moment to a version."""
    versions = [each.version for each in changed.history]
    return changed.follows and versions == list(range(versions[0], version + 1))
