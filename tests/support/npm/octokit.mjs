// GitHub's client as an identity provider would use it: argv has the origin and the token,
// the answers are printed as JSON, by name.

import { Octokit } from "@octokit/core";
import { enterpriseCloud } from "@octokit/plugin-enterprise-cloud";

const [baseUrl, auth] = process.argv.slice(2);
const { enterpriseAdmin } = new (Octokit.plugin(enterpriseCloud))({ baseUrl, auth });
const enterprise = "acme";
const user = {
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  externalId: "701984",
  userName: "mona@example.com",
  displayName: "Mona Lisa",
  name: { givenName: "Mona", familyName: "Lisa" },
  emails: [{ value: "mona@example.com", type: "work", primary: true }],
  active: true,
};
const group = {
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
  externalId: "8aa1",
  displayName: "Engineering",
};
const patchOp = (...operations) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations: operations,
});

const answers = {};
const note = async (name, promise) => {
  const { status, data } = await promise.catch((error) => error.response);
  answers[name] = { status, data };
  return data;
};

const { id: scim_user_id } = await note(
  "create",
  enterpriseAdmin.provisionEnterpriseUser({ enterprise, ...user }),
);
const theUser = { enterprise, scim_user_id };
await note("create again", enterpriseAdmin.provisionEnterpriseUser({ enterprise, ...user }));
await note("read", enterpriseAdmin.getProvisioningInformationForEnterpriseUser(theUser));
const filter = 'userName eq "Mona@example.com"';
await note("filter", enterpriseAdmin.listProvisionedIdentitiesEnterprise({ enterprise, filter }));
await note(
  "patch",
  enterpriseAdmin.updateAttributeForEnterpriseUser({
    ...theUser,
    ...patchOp({ op: "replace", path: "active", value: false }),
  }),
);
await note(
  "replace",
  enterpriseAdmin.setInformationForProvisionedEnterpriseUser({
    ...theUser,
    ...user,
    displayName: "La Gioconda",
  }),
);
const members = [{ value: scim_user_id }];
const { id: scim_group_id } = await note(
  "create group",
  enterpriseAdmin.provisionEnterpriseGroup({ enterprise, ...group, members }),
);
const theGroup = { enterprise, scim_group_id };
await note(
  "patch group",
  enterpriseAdmin.updateAttributeForEnterpriseGroup({
    ...theGroup,
    ...patchOp({ op: "remove", path: `members[value eq "${scim_user_id}"]` }),
  }),
);
await note("delete group", enterpriseAdmin.deleteScimGroupFromEnterprise(theGroup));
await note("delete", enterpriseAdmin.deleteUserFromEnterprise(theUser));
await note("read again", enterpriseAdmin.getProvisioningInformationForEnterpriseUser(theUser));

console.log(JSON.stringify(answers));
