"""Rotations of a token at once: the old ones end, and so does the new one of who came first."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from scim.deliver.webhooks.webhooks import KIND, new_secrets, valid
from scim.storage.receivers import add_receiver, change_receiver
from scim.storage.tokens import (
    find_tenant,
    issue_token,
    list_tokens,
    revoke_token,
    rotate_token,
)

from ..support.databases import POSTGRESQL

pytestmark = POSTGRESQL  # SQLite has one writer


@pytest.mark.parametrize("then", ["rotate", "revoke"])
def test_rotation_waits_for_another_of_the_same_name(client, app, then):
    database, done = app.extensions["scim"].database, []
    tenant = database.read(lambda connection: find_tenant(connection, "default"))
    database.write(lambda connection: issue_token(connection, tenant, "okta"))

    def second(connection):
        if then == "revoke":
            return revoke_token(connection, tenant, "okta")
        return rotate_token(connection, tenant, "okta", timedelta(0))

    with ThreadPoolExecutor(1) as pool:

        def first(connection):
            rotate_token(connection, tenant, "okta", timedelta(hours=1))
            done.append(pool.submit(database.write, second))
            time.sleep(0.3)  # in which it gets as far as it can

        database.write(first)

    assert done[0].result()
    left = database.read(lambda connection: list_tokens(connection, tenant))
    assert all(each.expires for each in left if each.replaced)
    assert sum(not each.replaced for each in left) == (then == "rotate")


def test_secrets_of_two_rotations_of_a_webhook_are_both_valid(client, app):
    database, made = app.extensions["scim"].database, []
    tenant = database.read(lambda connection: find_tenant(connection, "default"))
    crm = database.write(lambda known: add_receiver(known, tenant, "crm", KIND, "", new_secrets()))

    def rotate(connection):
        changed = change_receiver(
            connection,
            crm,
            lambda now: replace(now, secrets=new_secrets(now.secrets, timedelta(hours=1))),
        )
        made.append(changed.secrets["current"])
        return valid(changed.secrets)

    with ThreadPoolExecutor(1) as pool:

        def first(connection):
            rotate(connection)
            second = pool.submit(database.write, rotate)
            time.sleep(0.3)
            return second

        second = database.write(first)

    assert {*made, crm.secrets["current"]} == {*second.result()}
