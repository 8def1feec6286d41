"""The floor: bare Flask routes of one SQL statement each, served by granian like the server."""

import sqlite3
from functools import cached_property
from typing import Any

from flask import Flask, request
from sqlalchemy import Connection, create_engine

from scim.environment import read_settings
from scim.storage.database.engine import reading_engine

STATEMENTS = {
    "select": "SELECT body FROM users WHERE tenant_id = 1 AND id = ?",
    "page": "SELECT body FROM users WHERE tenant_id = 1 AND id >= ? ORDER BY id LIMIT 100",
    "members": (
        "SELECT json_group_array(json_object('value', user_id, '$ref', '/Users/' || user_id,"
        " 'display', display, 'type', 'User'))"
        " FROM link JOIN users ON users.tenant_id = 1 AND users.id = user_id"
        " WHERE link.tenant_id = 1 AND group_id = ?"
    ),
    "insert": "INSERT INTO floor (body, id) VALUES (?, ?)",
    "update": "UPDATE floor SET body = ? WHERE id = ?",
}
POSTGRESQL = {
    "?": "%s",
    "json_group_array": "json_agg",
    "json_object": "json_build_object",
    "'User'))": "'User'))::text",
}


class Driver:
    """A worker's connection of the driver, opened when first needed; a worker has one thread."""

    @cached_property
    def connection(self) -> Connection:
        return reading_engine(create_engine(read_settings().database_url)).connect()

    def execute(self, name: str, *values: str) -> Any:
        driver: Any = self.connection.connection.driver_connection
        statement = STATEMENTS[name]
        if not isinstance(driver, sqlite3.Connection):
            for text, instead in POSTGRESQL.items():
                statement = statement.replace(text, instead)
        cursor = driver.cursor()
        cursor.execute(statement, values)
        return cursor


def create_app() -> Flask:
    app, driver = Flask(__name__, static_folder=None), Driver()

    @app.get("/scim/v2/constant")
    def constant() -> str:
        return "always the same"

    @app.get("/scim/v2/<name>/<key>")
    def read(name: str, key: str) -> str:
        return ",".join(body for (body,) in driver.execute(name, key))

    @app.post("/scim/v2/<name>/<key>")
    def write(name: str, key: str) -> str:
        body = request.get_data(as_text=True)
        driver.execute(name, body, key)
        return body

    return app
