"""Receivers of events: distribution's section `notifications`, and `ocilot.webhooks` and `ocilot.events`."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from .section import Section
from .values import (
    COUNT,
    DURATION,
    FILE,
    FILES,
    FLAG,
    HEADERS,
    PATTERNS,
    TEXT,
    TEXTS,
    Ignored,
    Kind,
    Raw,
    choice,
    count,
    count_or,
    expected,
    refused,
)

if TYPE_CHECKING:
    from ocilot import _core

FORMATS: Final = ("distribution", "cloudevents", "cloudevents-binary", "slack", "teams", "discord")
HIDDEN: Final = "(hidden)"
URL_EXPECTS: Final = "a URL such as https://ci.example.com/hook"
PROXY_EXPECTS: Final = "a URL such as http://proxy:3128, or none"


def _refuse_unshown(text: str | None, expects: str) -> None:
    """A message shows the value, unless it has more than a host: that may be secret."""
    if text is not None and re.search(r"[/@?#\\]", re.sub(r"^\w+://", "", text)):
        raise refused(f"expected {expects}")


def _read_url(raw: Raw) -> str | None:
    from urllib.parse import urlsplit  # Most configurations have no webhooks.

    text: str | None = TEXT.read(raw)
    try:
        parts = urlsplit(text or "")
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    else:
        if "@" in parts.netloc:
            raise refused(
                "expected a URL without credentials; send them as a header: headers: {Authorization: [...]}"
            )
    if good and text is not None and re.fullmatch(r"https?://[!-~]+", text):
        return text
    _refuse_unshown(text, URL_EXPECTS)
    return None


def _show_url(url: str) -> str:
    """Chat services have secrets in path and query."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" + (f"/{HIDDEN}" if parts.path.strip("/") or parts.query else "")


def _show_headers(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [HIDDEN for _ in values] for name, values in headers.items()}


def _checked(kind: str, name: str, expects: str) -> Kind:
    """A list of texts that the core understands as a kind of condition."""

    def read(raw: Raw) -> list[str] | None:
        from ocilot import _core

        texts: list[str] | None = TEXTS.read(raw)
        for number, text in enumerate(texts or ()):
            problem = _core.event_condition_problem(kind, text)
            if problem is not None:
                at = [str(number)] if isinstance(raw, list) else []
                raise expected(problem.rpartition("expected ")[2], *at)
        return texts

    return Kind(name, expects, read, text_depth=1)


def _read_secrets(raw: Raw) -> list[str] | None:
    from ocilot import _core

    texts: list[str] | None = TEXTS.read(raw)
    for number, text in enumerate(texts or ()):
        # The message never shows the secret, nor does the place of a list.
        if _core.event_condition_problem("secret", text) is not None:
            raise refused(
                f"secret {number + 1} has to be 16 to 1024 bytes, or whsec_ and base64; create one with "
                "`echo whsec_$(openssl rand -base64 32)`"
            )
    return texts


def _read_allow(raw: Raw) -> list[str] | None:
    texts = TEXTS.read(raw)
    return texts if texts is not None and all(text == "*" or _is_network(text) for text in texts) else None


def _is_network(text: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _read_name(raw: Raw) -> str | None:
    text = TEXT.read(raw)
    return text if text and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text) else None


def _read_proxy(raw: Raw) -> str | None:
    text: str | None = TEXT.read(raw)
    if text == "none" or (text and re.fullmatch(r"http://[!-~]+", text)):
        return text
    _refuse_unshown(text, PROXY_EXPECTS)
    return None


def _show_proxy(proxy: str) -> str:
    return re.sub(r"//[^/]*@", f"//{HIDDEN}@", proxy)


def _read_distribution_actions(raw: Raw) -> list[str] | None:
    texts = TEXTS.read(raw)
    return texts if texts is not None and set(texts) <= {"push", "pull", "mount", "delete"} else None


def _pairs(headers: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in headers.items() for value in values]


def _require(section: Section, *keys: str) -> None:
    for key in keys:
        if not getattr(section, key):
            raise expected(f"a webhook with a {key}")


URL: Final = Kind("URL", URL_EXPECTS, _read_url, _show_url)
SECRET_HEADERS: Final = HEADERS._replace(show=_show_headers)
SECRETS: Final = Kind(
    "list of secrets",
    "a list of secrets",
    _read_secrets,
    lambda secrets: [HIDDEN for _ in secrets],
    text_depth=1,
)
NAME: Final = Kind("name", "a name of letters, digits, dots, dashes and underscores", _read_name)
ACTIONS: Final = _checked("action", "list of actions", "actions such as manifest.pushed, tag.* or *")
TAGS: Final = _checked("tag", "list of patterns", "patterns of tags such as v* or latest")
GLOBS: Final = _checked("pattern", "list of patterns", "patterns such as application/vnd.oci.*")
ALLOW: Final = Kind("list of networks", "networks such as 10.0.0.0/8, or *", _read_allow, text_depth=1)
DISTRIBUTION_ACTIONS: Final = Kind(
    "list of actions", "push, pull, mount or delete", _read_distribution_actions, text_depth=1
)
PROXY: Final = Kind("URL", PROXY_EXPECTS, _read_proxy, _show_proxy)

Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]
Texts = Annotated[list[str], TEXTS]
Globs = Annotated[list[str], GLOBS]


class IgnoredEvents(Section):
    mediatypes: Texts = []
    """Media types of targets that are not sent, such as `application/octet-stream` for blobs."""
    actions: Annotated[list[str], DISTRIBUTION_ACTIONS] = []
    """Actions that are not sent: `push`, `pull`, `mount`, `delete`."""


class Endpoint(Section):
    """A receiver of distribution's notifications."""

    name: Annotated[str, NAME] = ""
    """Name in logs, metrics and commands; required."""
    disabled: Flag = False
    """Whether nothing is sent."""
    url: Annotated[str, URL] = ""
    """Where events are sent; required. Any address is allowed; redirects are not followed."""
    headers: Annotated[dict[str, list[str]], SECRET_HEADERS] = {}
    """Headers of each request."""
    timeout: Duration = 1
    """Timeout of a request; 0: the default."""
    threshold: Annotated[int, count_or(10)] = 10
    """Failures in a row after which the endpoint rests."""
    backoff: Duration = 1
    """Delay after the first failure; it doubles with each, up to an hour."""
    ignoredmediatypes: Texts = []
    """Same as `ignore.mediatypes`."""
    ignore: IgnoredEvents = IgnoredEvents()

    def _check_whole(self) -> None:
        if not self.disabled:
            _require(self, "name", "url")

    def as_webhook(self) -> dict[str, Any]:
        """What the core takes."""
        return {
            "name": self.name,
            "url": self.url,
            "format": "distribution",
            "enabled": True,
            "headers": _pairs(self.headers),
            "actions": ["*"],
            "ignored_media_types": [*self.ignoredmediatypes, *self.ignore.mediatypes],
            "ignored_actions": self.ignore.actions,
            "timeout": self.timeout or 1,
            "threshold": self.threshold,
            "backoff": self.backoff or 1,
            "allow": ["*"],
        }


class NotificationEvents(Section):
    includereferences: Annotated[object, Ignored("events do not list the references of a manifest")] = None


class Notifications(Section):
    """Distribution's notifications."""

    events: NotificationEvents = NotificationEvents()
    endpoints: list[Endpoint] = []
    """Receivers of events in distribution's envelope."""


class Webhook(Section):
    """A receiver of events."""

    name: Annotated[str, NAME] = ""
    """Name in logs, metrics and commands; required. A webhook with a new name gets new events only."""
    url: Annotated[str, URL] = ""
    """Where events are sent; required."""
    format: Annotated[str, choice(*FORMATS)] = "cloudevents"
    """Format of the requests: CloudEvents 1.0 (`cloudevents` or `cloudevents-binary`), the envelope of
    distribution, or messages for Slack, Teams or Discord."""
    enabled: Flag = True
    """Whether events are sent. A disabled webhook keeps its place."""
    headers: Annotated[dict[str, list[str]], SECRET_HEADERS] = {}
    """Headers of each request."""
    secrets: Annotated[list[str], SECRETS] = []
    """Secrets that sign each request as Standard Webhooks defines it; with several, each signs it."""
    secretfiles: Annotated[list[str], FILES] = []
    """Files with a secret each."""
    repositories: Annotated[list[str], PATTERNS] = []
    """Patterns of repositories; default: all."""
    exclude: Annotated[list[str], PATTERNS] = []
    """Patterns of repositories that are left out."""
    tags: Annotated[list[str], TAGS] = []
    """Patterns of tags; events without a tag are not sent then. Default: all."""
    actions: Annotated[list[str], ACTIONS] = []
    """Actions such as `manifest.pushed`, `tag.*` or `*`. Default: all but those of blobs, pulls, refusals and
    the garbage collection."""
    mediatypes: Globs = []
    """Patterns of media types; default: all."""
    artifacttypes: Globs = []
    """Patterns of artifact types; default: all."""
    callers: Globs = []
    """Patterns of the names of callers; default: all."""
    batch: Annotated[int, count(1)] = 1
    """Maximum events of a request, up to 500; with more than one, `cloudevents` sends batches."""
    timeout: Duration = 10
    """Timeout of a request and its answer."""
    attempts: Annotated[int, COUNT] = 80
    """Failed attempts after which a change is parked; one that the receiver rejects is parked after five."""
    threshold: Annotated[int, COUNT] = 10
    """Failures in a row after which the webhook rests."""
    backoff: Duration = 5
    """Delay after the first failure; it doubles with each, up to an hour."""
    redirects: Annotated[str, choice("never", "same-origin")] = "never"
    """Redirects that are followed, at most three: none, or those with status 301, 302, 307 or 308 to the
    scheme, host and port of `url`."""
    cacert: Annotated[str, FILE] = ""
    """PEM file of the authorities that sign the receiver's certificate; default: those of the system."""
    certificate: Annotated[str, FILE] = ""
    """PEM file of a client certificate."""
    key: Annotated[str, FILE] = ""
    """PEM file of its key."""
    proxy: Annotated[str, PROXY] = ""
    """HTTP proxy, or `none`. Default: that of the environment."""
    allow: Annotated[list[str], ALLOW] = []
    """Networks that may be connected to beside public addresses, such as `10.0.0.0/8`, or `*`. Default: no
    loopback, link-local and private addresses."""

    def _check_whole(self) -> None:
        _require(self, "name", "url")
        if bool(self.certificate) != bool(self.key):
            raise refused("a client certificate needs its key; set both certificate and key")
        if self.batch > 500:
            raise expected("a whole number from 1 to 500", "batch", noun="number")
        if self.batch > 1 and self.format == "cloudevents-binary":
            raise refused("cloudevents-binary sends one event per request; set format: cloudevents", "batch")

    def as_webhook(self) -> dict[str, Any]:
        """What the core takes."""
        return {
            "name": self.name,
            "url": self.url,
            "format": self.format,
            "enabled": self.enabled,
            "headers": _pairs(self.headers),
            "secrets": self.secrets,
            "secret_files": self.secretfiles,
            "repositories": self.repositories,
            "except_": self.exclude,
            "tags": self.tags,
            "actions": self.actions,
            "media_types": self.mediatypes,
            "artifact_types": self.artifacttypes,
            "callers": self.callers,
            "batch": self.batch,
            "timeout": self.timeout or 10,
            "attempts": self.attempts,
            "threshold": self.threshold,
            "backoff": self.backoff or 1,
            "redirects": self.redirects,
            "authorities": self.cacert,
            "certificate": self.certificate,
            "key": self.key,
            "proxy": self.proxy,
            "allow": self.allow,
        }


class Events(Section):
    """Events for webhooks and hooks."""

    keep: Duration = 720 * 3600
    """Maximum age of events that a webhook or a hook has not handled, and of parked ones; older ones are
    removed and reported. `ocilot.audit.keep` is a minimum. 0: unlimited."""
    entries: Annotated[int, count(0)] = 10_000_000
    """Maximum number of events that a webhook or a hook has not handled; 0: unlimited."""
    pulls: Annotated[str, choice("off", "sampled", "all")] = "off"
    """Which [pulls are events](../operate/events.md#pulls), each time they are recorded: one for each tag and
    manifest with its number of pulls (`all`), those of at most 100 of them, drawn at random (`sampled`), or
    none."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.event_age, settings.event_entries = self.keep, self.entries
        settings.pull_events = self.pulls


def apply_webhooks(settings: "_core.Settings", receivers: list[dict[str, Any]]) -> None:
    """Hands the core the receivers of events."""
    from ocilot import _core

    webhooks = []
    for receiver in receivers:
        webhook = _core.WebhookSettings()
        for name, value in receiver.items():
            setattr(webhook, name, value)
        webhooks.append(webhook)
    settings.webhooks = webhooks
