"""Lessons about what Okta and Entra ID send, and why."""

from typing import Any

from .lesson import Got, Lesson, Names, Sent, Verdict, patch, refused, right, user, written, wrong

WORK = 'emails[type eq "work"].value'


def _replaced(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method != "PUT":
        return wrong("Not yet: Okta sends the whole user, with PUT.")
    if got.status != 200:
        return refused(got)
    name = got.json.get("name")
    if not isinstance(name, dict) or name.get("familyName") != "Kaya":
        return wrong("The server took it, but the family name is not Kaya.")
    if got.json.get("title") != "Guide":
        return wrong(
            "The name is right, but Omar has lost his title: a PUT clears what it leaves out. "
            "Send it again with the title Guide."
        )
    return right("Right: the name is new, and all else was sent again, so it stayed.")


def _added(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method != "PATCH":
        return wrong("Not yet: Entra ID sends a PATCH.")
    if got.status == 400 and got.json.get("scimType") == "noTarget":
        return wrong(
            "The server refuses: with a small letter, replace keeps to the RFC, and there is no "
            "work address to replace. Write Add or Replace, as Entra ID does."
        )
    if got.status != 200:
        return refused(got)
    if any(each.get("type") == "work" and each.get("value") for each in got.objects("emails")):
        used = ", ".join(got.tolerances)
        told = f" The server was tolerant: {used}." if used else ""
        return right(f"Right: Eva has a work address now, made from the path.{told}")
    return wrong(f"The server took it, but Eva has no work address. The path is {WORK}.")


def _omar(names: Names, family_name: str, **attributes: Any) -> Sent:
    name = {"givenName": "Omar", "familyName": family_name}
    body = user(names, "omar", name=name, **attributes, active=True)
    return Sent("PUT", f"/Users/{names.id('omar')}", written(body))


OKTA = Lesson(
    "what-okta-sends",
    "What Okta sends",
    "PUT replaces everything.",
    lambda _: "Omar Demir is called Omar Kaya now. Send his whole profile, as Okta does.",
    lambda names: _omar(names, "Demir"),
    lambda names: _omar(names, "Kaya", title="Guide"),
    _replaced,
    "Okta reads the user with GET, changes what it knows, and sends all of it back with PUT. To "
    "deactivate him it sends a PATCH without a path: the Lab has that as an example.",
    needs=("omar",),
)
ENTRA = Lesson(
    "why-did-entra-send-add",
    "Why did Entra ID send Add?",
    "Another dialect, and tolerances.",
    lambda names: (
        f"Eva has no address yet. Give her the work address {names.user_name('eva')}, "
        "as Entra ID does: with Add, and a filter in the path."
    ),
    lambda names: Sent(
        "PATCH",
        f"/Users/{names.id('eva')}",
        patch({"op": "replace", "path": WORK, "value": names.user_name("eva")}),
    ),
    lambda names: Sent(
        "PATCH",
        f"/Users/{names.id('eva')}",
        patch({"op": "Add", "path": WORK, "value": names.user_name("eva")}),
    ),
    _added,
    "Entra ID compares what it sent last with what it has now. For an attribute that was empty it "
    "sends Add, for one that had a value Replace, with a capital letter. What this server accepts "
    "beyond the RFCs has a name: its tolerances.",
    needs=("eva",),
)
