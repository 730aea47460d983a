"""ocilot: a container and OCI artifact registry.

>>> with ocilot.Server(root="data") as server:
...     print(server.url)
"""

# As type checkers know it. Loading `typing` for it would take longer than all else that is done here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocilot import errors
    from ocilot.adoption import adopt_distribution
    from ocilot.backups import backup, restore_backup, verify_backup
    from ocilot.integrity import fsck
    from ocilot.server import Server

__version__ = "0.1.0"

__all__ = [
    "Server",
    "__version__",
    "adopt_distribution",
    "backup",
    "errors",
    "fsck",
    "restore_backup",
    "verify_backup",
]


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: most programs need one of them, and `ocilot --help` none.
    if name == "Server":
        from ocilot.server import Server

        return Server
    if name == "errors":
        import ocilot.errors

        return ocilot.errors
    if name == "fsck":
        from ocilot.integrity import fsck

        return fsck
    if name == "adopt_distribution":
        from ocilot.adoption import adopt_distribution

        return adopt_distribution
    if name in ("backup", "restore_backup", "verify_backup"):
        from ocilot import backups

        return getattr(backups, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
