"""The registry's core: storage engine and server, in C++."""

import enum
from collections.abc import Callable, Sequence
from typing import Any, Final, final

__version__: Final[str]

class Error(Exception):
    """Something the registry could not do: one sentence that says what, why and what to do."""

    code: str
    """Name of the kind of failure, `config` or `io` for example."""

class ConfigError(Error):
    """The configuration or the environment does not let the registry start."""

class LogLevel(enum.Enum):
    """The least important lines that are logged."""

    debug = 0
    info = 1
    warn = 2
    error = 3

class LogFormat(enum.Enum):
    """The form of a log line."""

    text = 0
    json = 1

@final
class WebhookSettings:
    """A receiver of events; durations in whole seconds."""

    name: str
    url: str
    format: str
    enabled: bool
    headers: list[tuple[str, str]]
    secrets: list[str]
    secret_files: list[str]
    repositories: list[str]
    except_: list[str]
    tags: list[str]
    actions: list[str]
    media_types: list[str]
    artifact_types: list[str]
    callers: list[str]
    ignored_media_types: list[str]
    ignored_actions: list[str]
    batch: int
    timeout: int
    attempts: int
    threshold: int
    backoff: int
    redirects: str
    authorities: str
    certificate: str
    key: str
    proxy: str
    allow: list[str]
    def __init__(self) -> None: ...

class Settings:
    """The one resolved configuration of a server; durations in whole seconds."""

    root: str
    in_memory: bool
    deletes: bool
    purge_uploads: bool
    upload_age: int
    purge_interval: int
    gc: bool
    gc_grace: int
    gc_pending: int
    gc_rate: int
    retention: bool
    retention_policies: str
    retention_interval: int
    retention_first_run_applies: bool
    retention_timezone: str
    retention_offsets: list[tuple[int, int]]
    retention_networks: list[str]
    retention_readers: list[str]
    pulls_ignore: list[str]
    pulls_interval: int
    webhooks: list[WebhookSettings] | None
    event_age: int
    event_entries: int
    pull_events: str
    scrub: bool
    scrub_rate: int
    scrub_interval: int
    audit_age: int
    history_age: int
    history_entries: int
    address: str
    control_socket: str
    debug_address: str
    metrics_readers: list[str]
    tls_certificate: str
    tls_key: str
    tls_minimum: str
    tls_suites: list[str]
    tls_client_authorities: list[str]
    tls_client_required: bool
    trusted_proxies: list[str] | None
    threads: int
    write_threads: int
    read_threads: int
    header_limit: int
    manifest_limit: int
    body_rate: int
    body_grace: int
    connection_limit: int
    client_connection_limit: int
    client_connection_limit_for_trusted: bool
    body_memory: int
    upload_memory: int
    repository_upload_limit: int
    caller_upload_limit: int
    json_depth: int
    json_members: int
    header_timeout: int
    idle_timeout: int
    drain_timeout: int
    shutdown_delay: int
    host: str
    prefix: str
    relative_urls: bool
    headers: list[tuple[str, str]]
    cors_origins: list[str]
    cors_credentials: bool
    host_names: list[str]
    delete_referenced: bool
    storage_reserve: int
    strict_sizes: bool
    catalog_limit: int
    tags_limit: int
    sparse: list[str]
    auth_htpasswd: str
    auth_realm: str
    auth_service: str
    auth_token: bool
    auth_issuer: str
    auth_root_certificates: str
    auth_jwks: str
    auth_algorithms: list[str]
    auth_redirect_path: str
    auth_silly: bool
    accounts: bool
    accounts_service: str
    token_life: int
    refresh_life: int
    key_life: int
    quotas: list[tuple[list[str], list[str], int | None, int | None]]
    rate_limits: list[tuple[list[str], str, bool, int, int]]
    authorities: str
    oidc: list[
        tuple[str, str, str, str, str, list[tuple[list[tuple[str, list[str]]], str, list[str], list[str]]]]
    ]
    groups: list[tuple[str, list[str]]]
    access: list[tuple[list[str], list[tuple[str, list[str]]]]] | None
    log_level: LogLevel
    log_format: LogFormat
    logstash: bool
    access_log: bool
    hook_points: list[tuple[str, float]]
    hook_listeners: list[tuple[str, list[str], list[str] | None, float, str]] | None
    def __init__(self) -> None: ...

@final
class Server:
    """A running registry, with its own threads."""

    @staticmethod
    def start(settings: Settings) -> Server: ...
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def debug_address(self) -> str: ...
    @property
    def control_socket(self) -> str: ...
    @property
    def root(self) -> str: ...
    @property
    def hooks(self) -> HookBox: ...
    def has_accounts(self) -> bool | None: ...
    def reload_tls(self) -> None: ...
    def reload_access(self, settings: Settings) -> None: ...
    def note_failed_reload(self, reason: str) -> None: ...
    def print(self, text: str) -> None: ...
    def leave(self, cause: str) -> None: ...
    def stop(self, cause: str = "") -> None: ...

@final
class HookBox:
    """Where the server's questions to hooks wait for Python.

    A question is a tuple `(id, point, deadline, value)`: `deadline` on the clock of `time.monotonic()`,
    `value` a tuple by point, in which a caller is `(name, groups, kind, address, admin)` and an absent thing
    is None:

    - `authenticate`: `(name, password, address)`
    - `authorize`: `(caller, action, repository)`
    - `admit_manifest`: `(caller, repository, tags, digest, media_type, size, bytes, config)`
    - `admit_blob`: `(caller, repository, digest, size)`
    - `admit_tag`: `(caller, repository, tag, digest, previous, referrers, sibling_tags)`, a referrer is
      `(digest, artifact_type, annotations as JSON)`
    - `admit_delete`: `(caller, repository, kind, reference)`, kind is `tag`, `manifest` or `blob`
    - `retain`: `(at, repository, tags)`, a tag is `(name, digest, pushed, size, media_type, artifact_type,
      annotations, manifests, pulled, pulls)`; times are microseconds since 1970
    - `images_in_use`: `(at,)`
    - an event such as `on_tag_moved`: `(script, event as JSON)`
    - `hooks.status`, `hooks.reload`: `()`

    Every question is answered once, by one of the methods that take its id; they answer whether it was in
    time. Any thread may take and answer.
    """

    POINTS: Final[tuple[str, ...]]
    EVENTS: Final[tuple[str, ...]]
    @property
    def closed(self) -> bool: ...
    @property
    def generation(self) -> int: ...
    def take(self, timeout: float) -> tuple[int, str, float, tuple[Any, ...], str] | None: ...
    def allow(self, id: int, ttl: int = 0, by: str = "") -> bool: ...
    def deny(self, id: int, reason: str, ttl: int = 0, by: str = "") -> bool: ...
    def none(self, id: int) -> bool: ...
    def caller(self, id: int, name: str, groups: Sequence[str], kind: str, admin: bool = False) -> bool: ...
    def keep(self, id: int, tags: Sequence[tuple[str, str]]) -> bool: ...
    def in_use(self, id: int, lists: Sequence[tuple[Sequence[str], str, list[str] | None]]) -> bool: ...
    def fail(self, id: int, reason: str, by: str = "") -> bool: ...
    def reply(self, id: int, text: str) -> bool: ...
    def set_points(self, points: Sequence[tuple[str, float]]) -> int: ...
    def set_listeners(
        self, listeners: Sequence[tuple[str, list[str], list[str] | None, float, str]]
    ) -> None: ...
    def count(self, script: str, point: str, outcome: str, seconds: float) -> None: ...
    def gauge(self, name: str, script: str, value: float) -> None: ...
    def log(self, level: str, text: str, fields: Sequence[tuple[str, str]]) -> None: ...

def event_condition_problem(kind: str, text: str) -> str | None: ...
def retention_problem(policies: str) -> tuple[list[str], str, bool] | None: ...
def endpoints() -> list[
    tuple[str, str, str, str, str, list[tuple[int, str]], list[str], list[tuple[str, str, bool, str]]]
]:
    """The route table: name, pattern, method, right, purpose, (status, meaning) pairs, names of errors, and
    what it accepts: place, name, whether required, meaning."""

def errors() -> list[tuple[str, int, str, str, bool]]:
    """The error table: name, status, code, message, whether every endpoint may answer it."""

@final
class Problem:
    """A difference between facts and bytes."""

    @property
    def kind(self) -> str: ...
    @property
    def is_error(self) -> bool: ...
    @property
    def subject(self) -> str: ...
    @property
    def repository(self) -> str: ...
    @property
    def message(self) -> str: ...

@final
class FsckCounts:
    """What a check has looked at."""

    @property
    def blobs(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def links(self) -> int: ...
    @property
    def manifests(self) -> int: ...
    @property
    def tags(self) -> int: ...
    @property
    def uploads(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def notes(self) -> int: ...

def fsck(root: str, hash: bool, tell: Callable[[Problem], object]) -> FsckCounts: ...

@final
class LeftBehind:
    """What was not taken over."""

    @property
    def repository(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def message(self) -> str: ...

@final
class ImportCounts:
    """What an import has looked at."""

    @property
    def repositories(self) -> int: ...
    @property
    def blobs(self) -> int: ...
    @property
    def manifests(self) -> int: ...
    @property
    def tags(self) -> int: ...
    @property
    def left_behind(self) -> int: ...

def import_distribution(root: str, tell: Callable[[LeftBehind], object]) -> ImportCounts: ...

@final
class BackupCounts:
    """What a backup, its check or a restore has dealt with."""

    @property
    def blobs(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def linked(self) -> int: ...
    @property
    def copied(self) -> int: ...
    @property
    def copied_bytes(self) -> int: ...
    @property
    def removed(self) -> int: ...
    @property
    def snapshots(self) -> int: ...
    @property
    def errors(self) -> int: ...

def backup(
    root: str,
    directory: str,
    found: Callable[[Problem], object],
    progress: Callable[[BackupCounts], object],
) -> BackupCounts: ...
def check_backup(
    directory: str, found: Callable[[Problem], object], progress: Callable[[BackupCounts], object]
) -> BackupCounts: ...
def restore_backup(
    directory: str,
    root: str,
    found: Callable[[Problem], object],
    progress: Callable[[BackupCounts], object],
) -> BackupCounts: ...
def verify_password(password: str | bytes, hash: str) -> bool:
    """Whether it is the password of a bcrypt, yescrypt or SHA-512 hash; takes a while, on purpose."""

@final
class RepositoryPattern:
    """A set of repositories: `*` within a component, a component `**` for any number of components."""

    def __init__(self, text: str | bytes) -> None:
        """Raises ConfigError with the reason for what is no pattern."""

    def matches(self, name: str) -> bool:
        """Whether a repository is in it. Raises Error for what is no name."""

    @property
    def text(self) -> str:
        """As it was written."""

def is_image_name(text: str) -> bool:
    """Whether a list of images in use may have this line: a reference such as `team/app:v1`, with or without
    a registry."""

@final
class GzipWriter:
    """Compresses to gzip. Equal data makes equal bytes on every machine, in whatever pieces it is written."""

    def __init__(self, level: int = 6) -> None:
        """`level`: 1 (fast) to 9 (small)."""

    def write(self, data: bytes) -> bytes:
        """Compressed bytes, as far as they are ready. Raises ValueError after `finish`."""

    def finish(self) -> bytes:
        """The rest of the compressed bytes. Nothing can be written afterwards."""
