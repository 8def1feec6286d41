"""The timeline of a resource as rows: each change in a line of words, with its diff."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scim.explain.changes.differences import Difference
from scim.explain.changes.versions import Some, belonged, happened
from scim.explain.exchange import Exchange
from scim.storage import Cause, Operation, Reason, Store
from scim.storage.browsing import Named
from scim.storage.timeline import Moment

from .blueprint import difference

CHANGED = "•"
TOGETHER = 2.0  # seconds within which groups that were joined are one line
SIGNS = {
    "create": ("+", "good"),
    "delete": ("×", "bad"),
    "restore": ("↺", "good"),
    "revert": ("↺", ""),
}
OF_STATES = {"false": ("○", "warn"), "true": ("●", "good")}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the timeline; ``version`` is None for groups that were joined or left.

    ``by`` is the provider, or a token's name. ``number`` says which versions the line is about,
    as far as that is known. ``exchange`` is the one that made it, if that is still recorded.
    """

    at: str
    text: str
    token: str
    by: str = ""
    number: str = ""
    sign: str = CHANGED
    state: str = ""
    version: int | None = None
    differences: Sequence[Difference] = ()
    joined: Sequence[Named] = ()
    left: Sequence[Named] = ()
    more: int = 0
    exchange: Exchange | None = None
    request_id: str | None = None
    is_restore: bool = False

    @property
    def groups(self) -> Sequence[Named]:
        return (*self.joined, *self.left)

    @property
    def has_members(self) -> bool:
        return bool(self.joined or self.left)


def rows(
    store: Store,
    resource_id: str,
    moments: Sequence[Moment],
    recorded: Sequence[Exchange],
    newest: int | None = None,
) -> list[Row]:
    """Return the rows of changes, in their order; ``recorded`` are exchanges about the resource.

    ``newest`` is the version of the resource if ``moments`` begin with the newest.
    """
    made = {
        (each.resource_id, each.version): exchange
        for exchange in recorded
        for each in exchange.made
    }
    names = store.browse(lambda known: known.names(_ids(moments)))
    providers = _providers(recorded)
    found = [
        _joined(run, names, providers)
        if run[0].change.resource_id != resource_id
        else row(run[0], names, made.get((resource_id, run[0].change.version)), providers)
        for run in _runs(moments, resource_id)
    ]
    return _numbered(found, newest)


def _numbered(found: Sequence[Row], newest: int | None) -> list[Row]:
    """Return rows with the versions that groups made, where all changes between are known."""
    numbered: list[Row] = []
    above = newest + 1 if newest else None
    run: list[Row] = []
    for each in found:
        if each.version is None:
            run.append(each)
            continue
        numbered += _between(run, above, each.version)
        numbered.append(each)
        above, run = each.version, []
    return [*numbered, *run]


def _between(run: Sequence[Row], above: int | None, below: int) -> Iterator[Row]:
    count = sum(len(each.groups) for each in run)
    if above is None or above - below - 1 != count:
        yield from run
        return
    for each in run:
        first, last = above - len(each.groups), above - 1
        told = f"version {last}" if first == last else f"versions {first} to {last}"
        yield replace(each, number=told)
        above = first


def row(
    moment: Moment,
    names: Mapping[str, Named],
    exchange: Exchange | None,
    providers: Mapping[str, str] = {},
) -> Row:
    """Return the row of a change of the resource itself."""
    change = moment.change
    found = difference(change.before, change.after) if _has_diff(moment) else []
    joined = [names[each] for each, added in change.members.items() if added]
    left = [names[each] for each, added in change.members.items() if not added]
    states = [each.after for each in found if each.path == "active" and each.after in OF_STATES]
    sign, state = OF_STATES[str(states[0])] if states else (CHANGED, "")
    sign, state = SIGNS.get(change.operation, (sign, state))
    return Row(
        at=change.at,
        text=happened(
            change.operation,
            found,
            Some([each.name for each in joined], moment.joined),
            Some([each.name for each in left], moment.left),
            because(change.cause, names),
            change.unseen,
        ),
        token=change.token,
        by=(exchange and exchange.provider) or _by(change.token, providers),
        number=f"version {change.version}",
        sign=sign,
        state=state,
        version=change.version,
        differences=found,
        joined=joined,
        left=left,
        more=moment.joined + moment.left - len(change.members),
        exchange=exchange,
        request_id=change.request_id,
        is_restore=change.operation is Operation.RESTORE,
    )


def because(cause: Cause | None, names: Mapping[str, Named]) -> str:
    """Return why the server made a change that no request named."""
    if cause is None:
        return ""
    if cause.reason is Reason.VERSION:
        return f"went back to version {cause.subject}"
    name = names[cause.subject].name if cause.subject in names else ""
    gone = "was deleted" if cause.reason is Reason.DELETED else "came back from the trash"
    return f"because {name or 'another resource'} {gone}"


def _has_diff(moment: Moment) -> bool:
    """Tell whether a change has a diff; a group of which only members changed has none."""
    return moment.change.before != moment.change.after


def _ids(moments: Sequence[Moment]) -> Collection[str]:
    found: set[str] = set()
    for moment in moments:
        change = moment.change
        found |= {change.resource_id, *change.members}
        if change.cause and change.cause.reason is not Reason.VERSION:
            found.add(change.cause.subject)
    return found


def _runs(moments: Sequence[Moment], resource_id: str) -> list[list[Moment]]:
    """Return the moments, those together that are about groups joined or left at once."""
    found: list[list[Moment]] = []
    for moment in moments:
        is_more = (
            found
            and moment.change.resource_id != resource_id
            and found[-1][-1].change.resource_id != resource_id
            and _kind(found[-1][-1]) == _kind(moment)
            and _seconds(found[-1][0]) - _seconds(moment) <= TOGETHER
        )
        if is_more:
            found[-1].append(moment)
        else:
            found.append([moment])
    return found


def _kind(moment: Moment) -> tuple[str, int, bool, Cause | None]:
    change = moment.change
    return change.token, moment.joined, change.operation is Operation.DELETE, change.cause


def _seconds(moment: Moment) -> float:
    return datetime.fromisoformat(moment.change.at).timestamp()


def _providers(recorded: Sequence[Exchange]) -> Mapping[str, str]:
    """Return the provider that uses a token, for each token that only one provider uses."""
    used = {(each.token, each.provider) for each in recorded if each.provider}
    count = Counter(token for token, _ in used)
    return {token: provider for token, provider in used if count[token] == 1}


def _by(token: str, providers: Mapping[str, str]) -> str:
    """Return the provider that has used a token for the resource, or the name of the token."""
    return providers.get(token, token)


def _joined(run: Sequence[Moment], names: Mapping[str, Named], providers: Mapping[str, str]) -> Row:
    """Return the row of groups that the resource joined or left at once."""
    change, has_joined = run[0].change, bool(run[0].joined)
    groups = [names[each.change.resource_id] for each in run]
    if change.operation is Operation.DELETE:
        cause = f"because {'it was' if len(run) == 1 else 'they were'} deleted"
    else:
        cause = because(change.cause, names)
    text = belonged([each.name or each.id for each in groups], has_joined, cause)
    return Row(
        change.at,
        text,
        change.token,
        _by(change.token, providers),
        sign="→" if has_joined else "←",
        joined=groups if has_joined else (),
        left=() if has_joined else groups,
    )
