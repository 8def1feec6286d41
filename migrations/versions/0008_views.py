"""Views of people and memberships, for readers of the tables with SQL."""

from alembic import op

revision = "0008"
down_revision = "0007"

# A body has U+001F where the base URL belongs, and that is no JSON.
PEOPLE = {
    "postgresql": """
        CREATE VIEW people AS
        SELECT tenants.name AS tenant, users.id, "userName" AS user_name,
            document.name ->> 'givenName' AS given_name,
            document.name ->> 'familyName' AS family_name, "displayName" AS display_name,
            (SELECT address ->> 'value'
                FROM json_array_elements(emails) WITH ORDINALITY AS listed (address, place)
                WHERE address ->> 'value' IS NOT NULL
                ORDER BY coalesce((address ->> 'primary')::boolean, false) DESC, place LIMIT 1
            ) AS email, active, external_id
        FROM users JOIN tenants ON tenants.id = users.tenant_id
        CROSS JOIN json_to_record(replace(body, chr(31), '')::json) AS document
            ("userName" text, name json, "displayName" text, emails json, active boolean)
    """,
    "sqlite": """
        CREATE VIEW people AS
        SELECT tenants.name AS tenant, users.id, json_extract(document, '$.userName') AS user_name,
            json_extract(document, '$.name.givenName') AS given_name,
            json_extract(document, '$.name.familyName') AS family_name,
            json_extract(document, '$.displayName') AS display_name,
            (SELECT json_extract(value, '$.value') FROM json_each(document, '$.emails')
                WHERE json_extract(value, '$.value') IS NOT NULL
                ORDER BY coalesce(json_extract(value, '$.primary'), 0) DESC, key LIMIT 1
            ) AS email, json_extract(document, '$.active') AS active, external_id
        FROM (SELECT *, replace(body, char(31), '') AS document FROM users) AS users
        JOIN tenants ON tenants.id = users.tenant_id
    """,
}
USER_NAME = {
    "postgresql": "replace(users.body, chr(31), '')::json ->> 'userName'",
    "sqlite": "json_extract(replace(users.body, char(31), ''), '$.userName')",
}
MEMBERSHIPS = """
    CREATE VIEW memberships AS
    SELECT tenants.name AS tenant, groups.id AS group_id, groups.display AS group_name,
        users.id AS user_id, {user_name} AS user_name, direct
    FROM (
        SELECT tenant_id, group_id, user_id, true AS direct FROM link
        UNION ALL
        SELECT DISTINCT nesting.tenant_id, parent_id, user_id, false
        FROM nesting
        JOIN link ON link.tenant_id = nesting.tenant_id AND link.group_id = child_id
        WHERE NOT EXISTS (
            SELECT 1 FROM link AS own WHERE own.tenant_id = nesting.tenant_id
                AND own.group_id = parent_id AND own.user_id = link.user_id)
    ) AS member
    JOIN tenants ON tenants.id = member.tenant_id
    JOIN groups ON groups.tenant_id = member.tenant_id AND groups.id = group_id
    JOIN users ON users.tenant_id = member.tenant_id AND users.id = user_id
"""


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.execute(PEOPLE[dialect])
    op.execute(MEMBERSHIPS.format(user_name=USER_NAME[dialect]))


def downgrade() -> None:
    op.execute("DROP VIEW memberships")
    op.execute("DROP VIEW people")
