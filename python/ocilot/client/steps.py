"""What the protocol asks of the world, as values: it is written as generators that yield these, without I/O.

Two loops carry the steps out: `drive.run` blocks, `await drive.arun` does not. An operation is a generator:

    def manifest(self, reference: str) -> Steps[Manifest]:
        response = yield from send(Request("GET", url))
        return Manifest((yield from read_all(response.body, limit=MANIFEST_LIMIT)))
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from .addresses import AddressPolicy

T = TypeVar("T")
Steps = Generator["Step", Any, T]
"""An operation: yields steps, is sent what each gave, and returns its result."""


class Step:
    """Something for the loop to do; the loop sends back what it gave, or throws what went wrong."""

    __slots__ = ()


class Stream(Protocol):
    """Bytes in order, read once."""

    @property
    def size(self) -> int | None:
        """Bytes in all, if that is known."""

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end."""

    def close(self) -> Steps[None]:
        """Releases what it holds; may be called again."""


@dataclass(slots=True)
class Request:
    """An HTTP request. The transport follows no redirect and retries nothing: the protocol decides."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Stream | None = None
    """A stream of known size is sent with `Content-Length`, others in chunks."""
    timeout: float | None = None
    """Seconds of silence after which it fails; None: those of the connection."""
    policy: AddressPolicy | None = None
    """Addresses that the host may have; None: any, as the user named it."""


@dataclass(slots=True)
class Response:
    """An answer whose body is still to be read, or closed."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; values of a repeated header joined by `, `."""
    body: Stream
    """As it was sent: never inflated."""
    url: str
    challenges: tuple[str, ...] = ()
    """Each `WWW-Authenticate` header."""


@dataclass(slots=True)
class Send(Step):
    """Sends a request; gives a Response once its head is there. Raises NetworkError or TLSError."""

    request: Request
    transport: Any


@dataclass(slots=True)
class Sleep(Step):
    """Waits so many seconds."""

    seconds: float


@dataclass(slots=True)
class Call(Step):
    """Calls a function that may block (disk, a program): the async loop does it in a thread."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(slots=True)
class Parallel(Step):
    """Runs operations side by side, at most `limit` at once; gives their results in order.

    The first failure cancels the others and is thrown.
    """

    operations: Sequence[Callable[[], Steps[Any]]]
    limit: int


@dataclass(slots=True)
class Once(Step):
    """Gives what `operation` gives; operations with the same key wait for that one meanwhile.

    Nothing is kept afterwards: `memory` holds operations under way, by key.
    """

    memory: dict[Hashable, Any]
    key: Hashable
    operation: Callable[[], Steps[Any]]


@dataclass(slots=True)
class Pull(Step):
    """Reads from a stream of the transport: up to `size` bytes, none at the end."""

    source: Any
    size: int


@dataclass(slots=True)
class Drop(Step):
    """Closes a stream of the transport; the connection is used again only if the body was read whole."""

    source: Any


def send(request: Request, transport: Any) -> Steps[Response]:
    """The answer to a request."""
    return cast(Response, (yield Send(request, transport)))


def sleep(seconds: float) -> Steps[None]:
    """Waits."""
    yield Sleep(seconds)


def call(function: Callable[..., T], *arguments: Any) -> Steps[T]:
    """What a function gives that may block."""
    return cast(T, (yield Call(function, arguments)))


def parallel(operations: Sequence[Callable[[], Steps[T]]], limit: int) -> Steps[list[T]]:
    """What the operations give, in order."""
    return cast("list[T]", (yield Parallel(operations, limit)))


def once(memory: dict[Hashable, Any], key: Hashable, operation: Callable[[], Steps[T]]) -> Steps[T]:
    """What the operation gives that is under way for this key, or a new one."""
    return cast(T, (yield Once(memory, key, operation)))


def done(value: T) -> Steps[T]:
    """A value that is there already, as an operation."""
    yield from ()
    return value
