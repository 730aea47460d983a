"""Post a message to a chat channel when a tag is set or deleted.

The message is sent as `{"text": ...}`, which incoming webhooks of Slack, Mattermost, Rocket.Chat and Google
Chat accept. A message that was not accepted is sent again later, so a channel may get one twice.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.request import Request, urlopen

from ocilot.hooks import Hook, TagDeleted, TagMoved


@dataclass
class PostToChat(Hook):
    secret_url: str  # address of the incoming webhook, which allows to post
    tags: str = "*"  # pattern of the tags
    timeout: float = 4.0  # seconds for an answer

    def on_tag_moved(self, event: TagMoved) -> None:
        """Tells who set the tag, and whether it is new."""
        how = "moved" if event.previous else "pushed"
        self._post(event, f"{how} by {event.caller.name or event.caller.kind}: {event.digest[:19]}")

    def on_tag_deleted(self, event: TagDeleted) -> None:
        """Tells who deleted the tag."""
        self._post(event, f"deleted by {event.caller.name or event.caller.kind}")

    def _post(self, event: TagMoved | TagDeleted, what: str) -> None:
        if not fnmatchcase(event.tag, self.tags):
            return
        content = json.dumps({"text": f"{event.repository}:{event.tag} {what}"}).encode()
        request = Request(self.secret_url, content, {"Content-Type": "application/json"})
        with urlopen(request, timeout=self.timeout) as answer:
            answer.read(1000)
