"""The table of commands, which help for all shows without loading one."""

from __future__ import annotations

from typing import Final, NamedTuple

SUMMARY: Final = "A container and OCI artifact registry."


class Row(NamedTuple):
    """A command of `ocilot`."""

    name: str
    source: str
    """Its module, and its function there; a group of commands is `app`."""
    help: str
    """What `ocilot --help` shows: the help of a group, the first paragraph of a function's docstring."""


COMMANDS: Final = (
    Row(
        "serve",
        "serve.serve",
        "Run the registry until SIGTERM. Precedence: options, REGISTRY_* variables, file.",
    ),
    Row(
        "fsck",
        "fsck.fsck",
        "Check all metadata against the stored blobs, and every blob against its digest. Exit code 7 if "
        "anything is wrong.",
    ),
    Row(
        "adopt",
        "adopt.adopt",
        "Adopt a data directory of CNCF distribution in place; exit code 8 if something was left behind.",
    ),
    Row(
        "backup",
        "backup.backup",
        "Back up a data directory, also while the registry is running. Exit code 7 if content is missing or "
        "wrong.",
    ),
    Row(
        "restore-backup",
        "backup.restore_backup",
        "Restore a backup into a new data directory. Exit code 7 if content is missing.",
    ),
    Row("audit", "audit.audit", "List changes and refusals, newest first."),
    Row("events", "events.events", "List events, oldest first, or print them as they happen."),
    Row("version", "version.version", "Print the version."),
    Row("config", "config.app", "Check and show the configuration."),
    Row("hooks", "hooks.app", "List, check, try and reload hook scripts."),
    Row("user", "user.app", "Manage user accounts."),
    Row("robot", "robot.app", "Manage robot accounts, which log in with tokens."),
    Row("token", "token.app", "Manage tokens, which accounts use instead of passwords."),
    Row("access", "access.app", "Explain access decisions."),
    Row("keys", "keys.app", "Manage the keys that sign tokens."),
    Row("jobs", "jobs.app", "Manage the background jobs of a running registry."),
    Row("webhooks", "webhooks.app", "List and test webhooks, and replay events that they did not take."),
    Row("upload", "upload.app", "List and remove unfinished uploads."),
    Row("repo", "repo.app", "List, delete and rename repositories, and manage their aliases."),
    Row("gc", "gc.app", "Manage the garbage collection of a running registry."),
    Row(
        "retention",
        "retention.app",
        "Plan and apply the deletion of tags by the policies of ocilot.retention.",
    ),
    Row(
        "garbage-collect",
        "garbage_collect.garbage_collect",
        "Run one round of the garbage collection, for scripts that call `registry garbage-collect`.",
    ),
    Row(
        "usage",
        "usage.usage",
        "Print the bytes of all repositories or callers, of one repository, or of an image and its layers.",
    ),
    Row(
        "quota",
        "usage.quota",
        "Print the repositories or callers that have a quota (`ocilot.quotas`), the fullest first.",
    ),
    Row(
        "history",
        "history.history",
        "Print the history of a tag, newest first: time, user, previous digest and new digest of each "
        "change.",
    ),
    Row(
        "restore",
        "history.restore",
        "Restore a deleted or moved tag, or a deleted manifest or blob, while its grace period lasts.",
    ),
)
