"""RFC 7644 §3.7: a bulk request ends as its operations would one by one, whatever is in it."""

import json
import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scim import provider
from scim.protocol.bulk import bulk_ids, check_operation, is_circular, plan, resolve_ids
from scim.protocol.errors import ScimError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.serializers.messages import load_bulk
from tests.support.tries import tries

from ..support.bulk import bulk_request, delete, patch, post, put, statuses
from ..support.scim import add, enterprise, group, remove, replace, user

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


def state(directory):
    """Return all that is there, with names instead of ids and without times."""
    pages = [directory.page(kind) for kind in (USER, GROUP)]
    found = [each for page in pages for each in page["Resources"]]
    text = json.dumps(found)
    for each in found:
        name = each.get("userName") or f"group {each['displayName']}"
        text = text.replace(each["id"], name)
    shown = [_comparable(each) for each in json.loads(ID.sub("somebody gone", text))]
    return sorted(shown, key=lambda each: each["id"]), [page["totalResults"] for page in pages]


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


@settings(max_examples=tries(20))
@given(drawn=st.lists(operations(), max_size=8), limit=st.sampled_from([None, None, 1, 2]))
def test_request_ends_as_its_operations_do_one_by_one(new_directory, drawn, limit):
    directory, ids = filled(new_directory)
    other, other_ids = filled(new_directory)
    sent, sent_alone = loaded(directory, drawn, ids), loaded(other, drawn, other_ids)
    assume(not any(map(is_circular, plan(sent))))

    results = json.loads(
        provider.carry_out(directory.store, sent, limit, directory.request), strict=False
    )

    expected = one_by_one(other, sent_alone, limit or 0)
    assert statuses(results["Operations"]) == expected
    assert state(directory) == state(other)
