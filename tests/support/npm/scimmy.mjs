// SCIMMY as a server: its routes and rules, with users and groups in memory. argv has the token
// and the port.

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [token, port] = process.argv.slice(2);
let clock = 0; // of which no two times are the same

function declare(type, name) {
  const stored = new Map();

  function find({ id, filter }) {
    if (!id) return filter ? filter.match([...stored.values()]) : [...stored.values()];
    if (!stored.has(id)) throw new SCIMMY.Types.Error(404, null, `there is no ${id}`);
    return stored.get(id);
  }

  function store(resource, data) {
    const id = resource.id ? find(resource).id : randomUUID();
    const isTaken = (other) =>
      other.id !== id && other[name].toLowerCase() === data[name].toLowerCase();
    if ([...stored.values()].some(isTaken)) {
      throw new SCIMMY.Types.Error(409, "uniqueness", `${data[name]} is taken`);
    }
    clock = Math.max(clock + 1, Date.now());
    const lastModified = new Date(clock).toISOString();
    const { created } = stored.get(id)?.meta ?? { created: lastModified };
    const meta = { resourceType: type.name, created, lastModified };
    stored.set(id, { ...data, id, meta });
    return stored.get(id);
  }

  const remove = (resource) => void stored.delete(find(resource).id);
  SCIMMY.Resources.declare(type, { egress: find, ingress: store, degress: remove });
}

function authenticate(request) {
  if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("unknown token");
}

// Left as they are, the roles of a user can have no type at all.
SCIMMY.Schemas.User.definition.attribute("roles.type").config.canonicalValues = false;
declare(SCIMMY.Resources.User, "userName");
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
declare(SCIMMY.Resources.Group, "displayName");
const routers = new SCIMMYRouters({ type: "bearer", handler: authenticate });
express().use("/scim", routers).listen(Number(port), "127.0.0.1");
