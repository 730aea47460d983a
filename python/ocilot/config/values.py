"""The kinds of values a configuration holds: how each is read, described and shown again."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ocilot import _core

from . import in_use
from .tree import NOTHING, Scalar

Raw = Any
"""What a tree holds in place of a value: a Scalar, or a dict or list of them."""


def plain(raw: Raw) -> Any:
    """The same value without the texts it was written as."""
    if isinstance(raw, Scalar):
        return raw.value
    if isinstance(raw, dict):
        return {key: plain(value) for key, value in raw.items()}
    return [plain(value) for value in raw] if isinstance(raw, list) else raw


class InvalidValue(Exception):
    """A value that is rejected; the message says what was expected, or why it cannot be used."""

    def __init__(
        self, message: str, *, is_refused: bool, at: tuple[str, ...] = (), noun: str = "value"
    ) -> None:
        super().__init__(message)
        self.is_refused = is_refused
        self.noun = noun
        """What the message calls the value: `invalid duration "5x"`."""
        self.at = at
        """Where in the value, if not all of it: keys, and numbers of items."""


def expected(what: str, *at: str, noun: str = "value") -> InvalidValue:
    """The value is of the wrong kind."""
    return InvalidValue(what, is_refused=False, at=at, noun=noun)


def refused(why: str, *at: str) -> InvalidValue:
    """The value is understood, and cannot be used."""
    return InvalidValue(why, is_refused=True, at=at)


class Kind(NamedTuple):
    """A kind of value: `read` answers None for what it does not understand."""

    name: str
    expects: str
    read: Callable[[Raw], Any]
    show: Callable[[Any], Any] = lambda value: value
    text_depth: int | None = 0
    """How far below the key its texts are, which a variable gives as they are: 0 for a single value, 1 for a
    list, 2 for lists by name. What is above that, and everything if None, is YAML in a variable."""
    anchored: Callable[[Any, str], Any] | None = None
    """The value with its relative paths taken from a directory, if it has paths."""

    def check(self, raw: Raw) -> Any:
        """The value that was written. Raises InvalidValue if it is of another kind."""
        value = self.read(raw)
        if value is None:
            raise expected(self.expects, noun=self.name if self.name.isalpha() else "value")
        return value


class Refused(NamedTuple):
    """A key of distribution's that we do not do yet and that would change what users get."""

    why: str
    is_in_use: Callable[[Any], bool] = in_use.anything
    """Whether a value asks for something. One that does not may stay."""

    def check(self, raw: Raw) -> None:
        """Raises InvalidValue if the value asks for something."""
        if self.is_in_use(plain(raw)):
            raise refused(self.why)


class Ignored(NamedTuple):
    """A key of distribution's that nothing needs here: any value is taken, to no effect."""

    why: str

    def check(self, raw: Raw) -> None:
        """Whatever it is, it may stay."""


def _read_text(raw: Raw) -> str | None:
    # A number where text is wanted is its text, as in distribution: `secret: 0123`.
    return raw.text if isinstance(raw, Scalar) and raw.value is not None else None


def _read_texts(raw: Raw) -> list[str] | None:
    texts = [_read_text(item) for item in (raw if isinstance(raw, list) else [raw])]
    good = [text for text in texts if text]
    return good if len(good) == len(texts) else None


def _read_path(raw: Raw) -> str | None:
    text = _read_text(raw)
    return None if text is None or "\0" in text else text


def _read_paths(raw: Raw) -> list[str] | None:
    paths = _read_texts(raw)
    return None if paths is None or any("\0" in path for path in paths) else paths


_FLAGS: Final = dict.fromkeys(("true", "yes", "on", "y"), True) | dict.fromkeys(
    ("false", "no", "off", "n"), False
)


def read_flag(raw: Raw) -> bool | None:
    """True or false, in quotes or not."""
    if not isinstance(raw, Scalar):
        return None
    if isinstance(raw.value, str):
        return _FLAGS.get(raw.value.strip().lower())
    return raw.value if isinstance(raw.value, bool) else None


def read_number(raw: Raw) -> int | None:
    """A whole number, in quotes or not."""
    if not isinstance(raw, Scalar):
        return None
    if isinstance(raw.value, str) and re.fullmatch(r"[-+]?[0-9]{1,10}", raw.value.strip()):
        return int(raw.value)
    return raw.value if type(raw.value) is int else None


def _read_size_or_none(raw: Raw) -> int | None:
    if not isinstance(raw, Scalar):
        return None
    found = re.fullmatch(r"([0-9]{1,9}) ?(?:(Ki|Mi|Gi)?B?)", raw.text)
    if not found:
        return None
    power = ("", "Ki", "Mi", "Gi").index(found[2] or "")
    return int(found[1]) << (10 * power)


def _read_size(raw: Raw) -> int | None:
    return _read_size_or_none(raw) or None


def _read_rate(raw: Raw) -> int | None:
    if not isinstance(raw, Scalar):
        return None
    return _read_size(Scalar(raw.value, raw.text.removesuffix("/s")))


def _show_rate(rate: int) -> str:
    for power, unit in ((30, "GiB/s"), (20, "MiB/s"), (10, "KiB/s")):
        if rate % (1 << power) == 0:
            return f"{rate >> power}{unit}"
    return f"{rate}B/s"


_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)"
_LONGEST: Final = 100 * 365 * 24 * 3600


def read_duration(raw: Raw) -> int | None:
    """Whole seconds, rounded up, of `1m30s` in Go's syntax. Only 0 needs no unit."""
    if not isinstance(raw, Scalar) or not re.fullmatch(rf"0|(?:{_PART})+", raw.text):
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, raw.text))
    return math.ceil(round(seconds, 9)) if seconds <= _LONGEST else None


def show_duration(seconds: int) -> str:
    """The same in Go's syntax."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _read_address(raw: Raw) -> str | None:
    text = _read_text(raw)
    found = text is not None and re.fullmatch(r"(?:\[[0-9a-fA-F:.%\w]+\]|[^:\[\]\s]*):(\d{1,5})", text)
    return text if found and int(found[1]) < 1 << 16 else None


def _read_host(raw: Raw) -> str | None:
    text = _read_text(raw)
    if text == "":
        return text
    return (
        text.rstrip("/")
        if text and re.fullmatch(r"https?://[^\s/?#@]+(?:/[A-Za-z0-9._~-]+)*/?", text)
        else None
    )


def _read_prefix(raw: Raw) -> str | None:
    text = _read_text(raw)
    if text is None or not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*/?", text):
        return None
    return text.rstrip("/") + "/" if text.strip("/") else ""


def _read_headers(raw: Raw) -> dict[str, list[str]] | None:
    if not isinstance(raw, dict):
        return None
    headers: dict[str, list[str]] = {}
    for name, given in raw.items():
        items = given if isinstance(given, list) else [] if given == NOTHING else [given]
        values = [_read_text(item) for item in items]
        texts = [text for text in values if text is not None and re.fullmatch(r"[\t\x20-\x7e]*", text)]
        if len(texts) != len(values) or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            return None
        headers[name] = texts
    return headers


def _read_patterns(raw: Raw) -> list[str] | None:
    texts = [_read_text(item) for item in raw] if isinstance(raw, list) else [None]
    patterns = [text for text in texts if text is not None and is_pattern(text)]
    return patterns if len(patterns) == len(texts) else None


def is_pattern(text: str) -> bool:
    """Whether it is a pattern of repositories."""
    try:
        # YAML can write surrogates, which no text of the core can hold.
        _core.RepositoryPattern(text.encode(errors="surrogatepass"))
    except _core.ConfigError:
        return False
    return True


def _read_networks(raw: Raw) -> list[str] | None:
    texts = [_read_text(item) for item in (raw if isinstance(raw, list) else [raw])]
    networks = [text for text in texts if text is not None and _is_network(text)]
    return networks if len(networks) == len(texts) else None


def _is_network(text: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return re.fullmatch(r"[0-9a-fA-F.:]+(/\d+)?", text) is not None


def _read_origins(raw: Raw) -> list[str] | None:
    texts = [_read_text(item) for item in (raw if isinstance(raw, list) else [raw])]
    origins = [text.rstrip("/").lower() for text in texts if text is not None]
    good = all(re.fullmatch(r"\*|[a-z][a-z0-9+.-]*://[^\s/?#@*]+", origin) for origin in origins)
    return origins if good and len(origins) == len(texts) else None


def _read_host_names(raw: Raw) -> list[str] | None:
    texts = [_read_text(item) for item in (raw if isinstance(raw, list) else [raw])]
    names = [text.strip("[]").rstrip(".").lower() for text in texts if text is not None]
    good = all(re.fullmatch(r"\*|[a-z0-9_.-]+|[0-9a-f:.]+", name) for name in names)
    return names if good and len(names) == len(texts) else None


def choice(*words: str, also: Sequence[str] = ()) -> Kind:
    """One of a few words; those of `also` are understood, for a better answer than that they are not."""

    def read(raw: Raw) -> str | None:
        text = (_read_text(raw) or "").lower()
        return text if text in words or text in also else None

    return Kind(" or ".join(f"`{word}`" for word in words), _listed(words), read)


def count(least: int) -> Kind:
    """A whole number."""

    def read(raw: Raw) -> int | None:
        number = read_number(raw)
        return number if number is not None and least <= number < 1 << 31 else None

    return Kind("number", f"a whole number, at least {least}", read)


def count_or(default: int) -> Kind:
    """A whole number above zero; 0 and less ask for nothing, as in distribution, and are the default."""

    def read(raw: Raw) -> int | None:
        number = read_number(raw)
        if number is None or number >= 1 << 31:
            return None
        return number if number > 0 else default

    return Kind("number", "a whole number, at least 1", read)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else words[0]


TEXT: Final = Kind("text", "text", _read_text)
TEXTS: Final = Kind("list of texts", "a list of texts", _read_texts, text_depth=1)
FILE: Final = Kind("path", "a path", _read_path, anchored=lambda path, base: os.path.join(base, path))  # noqa: PTH118
FILES: Final = Kind(
    "list of paths",
    "a list of paths",
    _read_paths,
    text_depth=1,
    anchored=lambda paths, base: [os.path.join(base, path) for path in paths],  # noqa: PTH118
)
FLAG: Final = Kind("true or false", "true or false", read_flag)
COUNT: Final = count(1)
SIZE: Final = Kind("size", "a number of bytes above zero, such as 65536 or 4MiB", _read_size)
SIZE_OR_NONE: Final = Kind("size", "a number of bytes, such as 0, 65536 or 4MiB", _read_size_or_none)
RATE: Final = Kind("rate", "bytes per second, such as 16MiB/s", _read_rate, _show_rate)
DURATION: Final = Kind("duration", "a number and a unit, such as 30s or 5m", read_duration, show_duration)
ADDRESS: Final = Kind("address", "HOST:PORT, such as :5000 or 127.0.0.1:5000", _read_address)
NETWORKS: Final = Kind(
    "list of networks", "networks such as 10.0.0.0/8 or 192.0.2.7", _read_networks, text_depth=1
)
HOST: Final = Kind(
    "URL", "a URL such as https://registry.example.com or https://example.com/registry", _read_host
)
PREFIX: Final = Kind("path", "a path such as /registry/", _read_prefix)
ORIGINS: Final = Kind(
    "origins",
    "a list of origins such as https://ui.example.com, or of `*` for all",
    _read_origins,
    text_depth=1,
)
HOST_NAMES: Final = Kind(
    "host names",
    "host names without a port, such as registry.internal, or `*` for all",
    _read_host_names,
    text_depth=1,
)
HEADERS: Final = Kind(
    "headers", "header names, each with a list of printable texts", _read_headers, text_depth=2
)
PATTERNS: Final = Kind(
    "list of patterns",
    "a list of repository patterns, such as [team/app, mirror/*] or ['**']",
    _read_patterns,
    text_depth=1,
)
SECRET: Final = Kind("text", "text", _read_text, lambda value: "(hidden)")
