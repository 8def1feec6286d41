"""A visitor of the lessons, for tests."""

import re
from html import unescape

from scim.console.learn.lessons import BY_SLUG, Names


class Pupil:
    """A visitor with a session of her own, who does lessons."""

    def __init__(self, console, web):
        self.console, self.web = console, web
        web.get(console.link.replace(console.url_shown, console.url)).raise_for_status()
        shown = web.get("/learn").text
        self.csrf = re.search(r'<meta name="csrf" content="([^"]*)"', shown)[1]
        self.tag = re.search(r"your code <code>(\w+)</code>", shown)[1]

    def post(self, path, **values):
        answer = self.web.post(f"/learn/{path}", data={"csrf": self.csrf, **values})
        assert answer.status_code == 200, answer.text
        return answer.text

    def prepare(self, slug):
        """Make whom the lesson needs, and return the names in it."""
        if BY_SLUG[slug].needs:
            self.post(f"{slug}/prepare")
        ids = {}
        for who in BY_SLUG[slug].needs:
            asked = {"filter": f'userName eq "{Names(self.tag).user_name(who)}"'}
            found = self.console.server.session.get("/Users", params=asked).json()
            ids[who] = found["Resources"][0]["id"]
        return Names(self.tag, ids)

    def send(self, slug, sent, **values):
        """Return the verdict on a request, and whether it passed."""
        values |= {"method": sent.method, "target": sent.target, "body": sent.body}
        shown = self.post(slug, **values, if_match=sent.if_match)
        found = re.search(r'notice (good|warn)" role="status" id="verdict">(.*?)</p>', shown, re.S)
        assert found, shown
        return unescape(re.sub("<[^>]*>", "", found[2])).strip(), found[1] == "good"
