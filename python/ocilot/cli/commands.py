"""The table of commands, which help for all shows without loading one."""

from __future__ import annotations

from typing import Final, NamedTuple

SUMMARY: Final = "A container and OCI artifact registry, and a client for any other."

IMAGES: Final = "Images, on any registry"
SERVER: Final = "Operating a server"


class Row(NamedTuple):
    """A command of `ocilot`."""

    name: str
    source: str
    """Its module, and its function there; a group of commands is `app`."""
    help: str
    """What `ocilot --help` shows: the help of a group, the first paragraph of a function's docstring."""
    family: str = SERVER
    """The panel that `ocilot --help` shows it in."""
    completes: str = ""
    """What a shell completes its arguments to: `registry`, `repository` or `reference`."""


def _image_row(name: str, source: str, help: str, completes: str = "reference") -> Row:
    return Row(name, f"images.{source}", help, IMAGES, completes)


COMMANDS: Final = (
    _image_row("ls", "ls.ls", "List the repositories of a registry.", "registry"),
    _image_row("tags", "ls.tags", "List the tags of a repository.", "repository"),
    _image_row(
        "inspect", "inspect.inspect", "Show an image or index: platforms, layers, configuration and labels."
    ),
    _image_row("tree", "tree.tree", "Show an index with its manifests, their layers and their referrers."),
    _image_row("files", "files.files", "List the files of an image."),
    _image_row("cat", "files.cat", "Print a file of an image."),
    _image_row("diff", "diff.diff", "Compare two images: layers, files, packages and configuration."),
    _image_row("du", "du.du", "Show the size of images, and what their layers have in common."),
    _image_row("cp", "cp.cp", "Copy an image, from anywhere to anywhere."),
    _image_row("push", "push.push", "Push files as an artifact, or an archive of images."),
    _image_row("pull", "push.pull", "Pull the files of an artifact, or an image as an OCI layout."),
    _image_row(
        "sync",
        "sync.sync",
        "Copy the repositories and tags that match a pattern to another registry.",
        "registry",
    ),
    _image_row(
        "import", "build.import_", "Make an image of a root file system: a tar archive, a directory or a URL."
    ),
    _image_row("append", "build.append", "Append layers to an image."),
    _image_row(
        "mutate",
        "build.mutate",
        "Change the configuration of an image: labels, environment, command, user, ports.",
    ),
    _image_row("rebase", "build.rebase", "Replace the base of an image."),
    _image_row("index", "build.index", "Make an index of images for several platforms."),
    _image_row("tag", "change.tag", "Give an image another tag."),
    _image_row("rm", "change.rm", "Delete tags or manifests, after showing a plan."),
    _image_row(
        "verify",
        "verify.verify",
        "Verify the digests of an image, and its signatures. Exit code 7 if anything is wrong.",
    ),
    _image_row("bundle", "bundle.app", "Pack images into one file, and load it elsewhere.", ""),
    _image_row("login", "login.login", "Log in to a registry.", "registry"),
    _image_row("logout", "login.logout", "Forget the credentials of a registry.", "registry"),
    _image_row(
        "whoami",
        "login.whoami",
        "Show which credentials a registry gets, and where they come from.",
        "registry",
    ),
    _image_row("api", "api.api", "Send one request to a registry and print the answer.", ""),
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
    Row("completion", "completion.completion", "Print or install the completion of a shell."),
    Row("version", "version.version", "Print the version."),
)
