"""RFC 7644 §3.7: a bulk request ends as its operations would one by one, whatever is in it."""

import dataclasses
import json
import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scim import provider
from scim.protocol.bulk import bulk_ids, check_operation, is_circular, plan, resolve_ids
from scim.protocol.errors import ScimError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.provider import recovery
from scim.serializers.messages import load_bulk
from tests.support.tries import tries

from ..support.bulk import bulk_request, delete, patch, post, put, statuses
from ..support.scim import UNKNOWN_ID, add, enterprise, group, remove, replace, user

USERS, GROUPS = ("ada", "bob", "cy"), ("guides", "tours")
NEW_NAMES = st.sampled_from(["ada", "ADA", "dee", "eve", "", "guides", "rides"])
TITLES = st.sampled_from(["x", "y"])
ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BULK_IDS = st.sampled_from(["1", "2", "3", "4"])


@st.composite
def operations(draw):
    """Make an operation; ids are the names of whom they belong to."""
    known = {"User": st.sampled_from(USERS), "Group": st.sampled_from(GROUPS)}
    reference = BULK_IDS.map(lambda bulk_id: f"bulkId:{bulk_id}")
    someone, some_group = known["User"] | reference, known["Group"] | reference
    members = draw(st.lists(someone, max_size=2).map(lambda ids: [{"value": id} for id in ids]))
    sent_user = user(draw(NEW_NAMES), title=draw(TITLES))
    if draw(st.booleans()):
        sent_user |= enterprise(manager={"value": draw(someone)})
        sent_user["schemas"] = [*sent_user["schemas"], ENTERPRISE_USER_SCHEMA]
    sent_group = group(draw(NEW_NAMES), members=members)
    user_path, group_path = f"/Users/{draw(someone)}", f"/Groups/{draw(some_group)}"
    wanted = draw(someone)
    return draw(
        st.sampled_from(
            [
                post(draw(BULK_IDS), sent_user),
                post(draw(BULK_IDS), sent_user),
                post(draw(BULK_IDS), sent_group),
                put(user_path, sent_user),
                put(group_path, sent_group),
                patch(user_path, replace("title", draw(TITLES))),
                patch(group_path, add("members", members)),
                patch(group_path, remove(f'members[value eq "{wanted}"]')),
                patch(group_path, replace("displayName", draw(NEW_NAMES)), remove("members")),
                delete(user_path),
                delete(group_path),
            ]
        )
    )


def one_by_one(directory, sent, limit):
    """Carry operations out as a client would by requests of their own, in the order of the plan."""
    ids, results = {}, {}
    for step in plan(sent):
        [operation] = step
        try:
            check_operation(operation, bulk_ids(sent))
            results[operation.index] = alone(directory, operation, ids)
        except ScimError as error:
            results[operation.index] = str(error.status)
            limit -= 1
            if limit == 0:
                break
    return [results[index] for index in sorted(results)]


def alone(directory, operation, ids):
    path, data = resolve_ids(operation.path, ids), resolve_ids(operation.data, ids)
    resource_type = USER if path.startswith("/Users") else GROUP
    store, resource_id = directory.store, path.rpartition("/")[2]
    if operation.method == "POST":
        created = provider.create(store, resource_type, data, directory.request)
        ids[operation.bulk_id] = created.location.rpartition("/")[2]
        return "201"
    if operation.method == "DELETE":
        provider.delete(store, resource_type, resource_id, directory.request)
        return "204"
    change = provider.replace if operation.method == "PUT" else provider.patch
    change(store, resource_type, resource_id, data, directory.request)
    return "200"


def filled(new_directory):
    """Return a directory with some users and groups, and their ids by name."""
    directory = new_directory()
    users = {name: directory.user(name) for name in USERS}
    groups = {name: directory.group(name, users["ada"]) for name in GROUPS}
    return directory, {name: each["id"] for name, each in (users | groups).items()}


def state(directory, before=None):
    """Return all that is there, with names instead of ids and without times.

    Of a user's version it tells only whether it is another one than ``before``, by id. One
    transaction bumps it once, whatever it does.
    """
    pages = [directory.page(kind) for kind in (USER, GROUP)]
    found = [each for page in pages for each in page["Resources"]]
    for each in found:
        if "userName" in each and before is not None:
            each["meta"]["version"] = each["meta"]["version"] != before.get(each["id"], 'W/"1"')
    text = json.dumps(found)
    for each in found:
        name = each.get("userName") or f"group {each['displayName']}"
        text = text.replace(each["id"], name)
    shown = [_comparable(each) for each in json.loads(ID.sub("somebody gone", text))]
    return sorted(shown, key=lambda each: each["id"]), [page["totalResults"] for page in pages]


def versions(directory):
    """Return the version of each user, by id."""
    return {each["id"]: each["meta"]["version"] for each in directory.page(USER)["Resources"]}


def histories(directory):
    """Return how many members joined with each version of each group, by its name."""
    groups = directory.page(GROUP)["Resources"]
    return {
        each["displayName"]: [
            (change.version, str(change.operation), len(change.members))
            for change in recovery.history(directory.store, each["id"])
            if change.resource_id == each["id"]
        ]
        for each in groups
    }


def _comparable(resource):
    """Return a resource without times; ``members`` and ``groups`` are in the order of ids."""
    for name in resource.keys() & {"members", "groups"}:
        resource[name] = sorted(resource[name], key=str)
    return resource | {"meta": resource["meta"]["version"]}


def loaded(directory, drawn, ids):
    text = json.dumps(drawn)
    for name, resource_id in ids.items():
        text = text.replace(f'"value": "{name}"', f'"value": "{resource_id}"')
        text = text.replace(f'/{name}"', f'/{resource_id}"')
        text = text.replace(f'\\"{name}\\"', f'\\"{resource_id}\\"')
    return load_bulk(bulk_request(*json.loads(text)), directory.request.tolerated)[0]


@st.composite
def creates(draw):
    """Make creates of users and groups, each group with some of those before it as members."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 3)) == 0:
            made.append(post(f"{number}", user(f"user{number}")))
            continue
        before = [f"bulkId:{each}" for each in range(number)]
        wanted = st.sampled_from([*before, *before, *before, *USERS, *GROUPS, UNKNOWN_ID])
        ids = draw(st.lists(wanted, max_size=4))
        name = draw(st.sampled_from([f"group{number}"] * 9 + ["guides"]))
        made.append(post(f"{number}", group(name, members=[{"value": each} for each in ids])))
    return made


@settings(max_examples=tries(30))
@given(drawn=creates(), most=st.sampled_from([4, 100_000]), depth=st.sampled_from([3, 300]))
def test_groups_written_together_are_as_if_they_were_written_one_by_one(
    new_directory, drawn, most, depth
):
    directory, ids = filled(new_directory)
    other, other_ids = filled(new_directory)
    for each, known in ((directory, ids), (other, other_ids)):
        members = add("members", [{"value": known["tours"]}, {"value": known["bob"]}])
        each.patch({"id": known["guides"]}, members)
        limits = {"max_nesting_pairs": most, "max_nesting_depth": depth}
        each.store.directory = dataclasses.replace(each.store.directory, **limits)

    sent, sent_alone = loaded(directory, drawn, ids), loaded(other, drawn, other_ids)
    before, before_alone = versions(directory), versions(other)
    results = json.loads(
        provider.carry_out(directory.store, sent, None, directory.request), strict=False
    )

    assert statuses(results["Operations"]) == one_by_one(other, sent_alone, 0)
    assert state(directory, before) == state(other, before_alone)
    assert histories(directory) == histories(other)


@settings(max_examples=tries(20))
@given(drawn=st.lists(operations(), max_size=8), limit=st.sampled_from([None, None, 1, 2]))
def test_request_ends_as_its_operations_do_one_by_one(new_directory, drawn, limit):
    directory, ids = filled(new_directory)
    other, other_ids = filled(new_directory)
    sent, sent_alone = loaded(directory, drawn, ids), loaded(other, drawn, other_ids)
    before, before_alone = versions(directory), versions(other)
    assume(not any(map(is_circular, plan(sent))))

    results = json.loads(
        provider.carry_out(directory.store, sent, limit, directory.request), strict=False
    )

    expected = one_by_one(other, sent_alone, limit or 0)
    assert statuses(results["Operations"]) == expected
    assert state(directory, before) == state(other, before_alone)
