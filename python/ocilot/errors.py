"""What can be raised. Every message is one sentence: what failed, where, and what to do.

- `Error`: something could not be done; `code` names the kind of failure
  - `ConfigError`: the configuration or the environment does not let the registry start
  - `InvalidArgument`: an argument of a call has another type or value than expected
    - `InvalidReference`: an image reference, tag, digest, platform or location is invalid
  - `RegistryError`: a registry refused a request; `status`, `errors` and `url` say how
    - `NotFound`: no such repository, tag, manifest, blob or file
      - `PlatformNotFound`: no image for the platform; `available` lists those there are
    - `AuthError`: credentials are missing, wrong or do not allow it
    - `RateLimited`: the registry asks to come back later; `retry_after` in seconds
    - `Conflict`: what is there already, or was changed meanwhile, forbids it
    - `Unsupported`: this registry does not have the operation
      - `CatalogUnsupported`: this registry does not list its repositories
  - `NetworkError`: no answer: unreachable, reset, timed out
    - `TLSError`: no trusted TLS connection; the hint names the ways to trust it
  - `IntegrityError`: bytes are not those that their digest or size promises
    - `SignatureError`: no signature is valid; `reasons` has why, for each
  - `ArchiveError`: an archive, layer or layout is damaged or is not what was expected
    - `UnsafePath`: an entry would be written outside of its directory
    - `DecompressionLimit`: an archive expands to more than the limit
  - `StorageError`: a local file cannot be read or written, or the disk is full
  - `PartialError`: done but for a part; `result` says which
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ocilot._core import ConfigError, Error

__all__ = [
    "ArchiveError",
    "AuthError",
    "CatalogUnsupported",
    "ConfigError",
    "Conflict",
    "DecompressionLimit",
    "Error",
    "IntegrityError",
    "InvalidArgument",
    "InvalidReference",
    "NetworkError",
    "NotFound",
    "PartialError",
    "PlatformNotFound",
    "RateLimited",
    "RegistryError",
    "SignatureError",
    "StorageError",
    "TLSError",
    "UnsafePath",
    "Unsupported",
]


class _Hinted(Error):
    """An error of the package's own: a sentence, and what to do."""

    _code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.code: str = self._code
        self.hint = hint
        """What to do, such as `log in: ocilot login registry.example`; empty if nothing is known."""


class InvalidArgument(_Hinted, ValueError):
    """An argument of a call has another type or value than expected."""

    _code = "bad_request"


class InvalidReference(InvalidArgument):
    """An image reference, tag, digest, platform or location is invalid."""


class RegistryError(_Hinted):
    """A registry refused a request (OCI distribution specification, "Error Codes")."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 0,
        url: str = "",
        errors: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        """HTTP status of the answer; 0 without one."""
        self.url = url
        """URL that was asked, without credentials or query."""
        self.errors: tuple[dict[str, Any], ...] = tuple(errors)
        """`errors` of the answer's body: `code`, `message` and `detail` of each."""


class NotFound(RegistryError):
    """No such repository, tag, manifest, blob or file."""

    _code = "not_found"


class PlatformNotFound(NotFound):
    """No image for the platform."""

    def __init__(self, message: str, *, available: Sequence[str] = (), hint: str = "", url: str = "") -> None:
        super().__init__(message, hint=hint, url=url)
        self.available: tuple[str, ...] = tuple(available)
        """Platforms that there are, such as `linux/arm64`."""


class AuthError(RegistryError):
    """Credentials are missing, wrong, or do not allow the operation."""

    _code = "unauthorized"


class RateLimited(RegistryError):
    """The registry asks to come back later."""

    _code = "unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.retry_after = retry_after
        """Seconds to wait; None if the registry does not say."""


class Conflict(RegistryError):
    """What is there already, or was changed meanwhile, forbids it."""

    _code = "conflict"


class Unsupported(RegistryError):
    """This registry does not have the operation."""


class CatalogUnsupported(Unsupported):
    """This registry does not list its repositories."""


class NetworkError(_Hinted):
    """No answer: unreachable, reset or timed out."""

    _code = "unavailable"


class TLSError(NetworkError):
    """No trusted TLS connection."""


class IntegrityError(_Hinted):
    """Bytes are not those that their digest or size promises."""

    _code = "integrity"


class SignatureError(IntegrityError):
    """No signature of an image is valid."""

    def __init__(self, message: str, *, reasons: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons: tuple[str, ...] = tuple(reasons)
        """Why each signature that was found is invalid; empty if there was none."""


class ArchiveError(_Hinted):
    """An archive, layer or layout is damaged or is not what was expected."""

    _code = "integrity"


class UnsafePath(ArchiveError):
    """An entry would be written outside of its directory."""


class DecompressionLimit(ArchiveError):
    """An archive expands to more than the limit."""


class StorageError(_Hinted):
    """A local file cannot be read or written, or the disk is full."""

    _code = "io"


class PartialError(_Hinted):
    """Done but for a part."""

    _code = "partial"

    def __init__(self, message: str, *, result: Any = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.result = result
        """What was done, such as a `CopyResult`."""
