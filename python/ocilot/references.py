"""Names of images, hosts and places: how they are written, and what is meant.

>>> str(Reference.parse("alpine"))
'docker.io/library/alpine:latest'
>>> Location.parse("oci:layout:v1").kind
'oci'
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

from ocilot.arguments import check_text
from ocilot.errors import InvalidReference
from ocilot.oci.digest import Digest

HUB: Final = "docker.io"
HUB_ENDPOINT: Final = "registry-1.docker.io"
HUB_NAMES: Final = frozenset({HUB, "index.docker.io", HUB_ENDPOINT})
LONGEST_NAME: Final = 255
ARCHIVES: Final = ("oci", "oci-archive", "docker-archive", "bundle")
"""Kinds of locations on the disk."""

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*\.?)(?::(?P<port>[0-9]+))?")
_IPV6: Final = re.compile(r"\[(?P<address>[^\[\]]*)\](?::(?P<port>[0-9]+))?")
_BARE_IPV6: Final = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_OTHER_PLACES: Final = ("docker-daemon:", "containers-storage:", "dir:", "ostree:", "sif:")


class Host(NamedTuple):
    """A registry, as it was named."""

    name: str
    """Host with its port, if one was written; `docker.io` for all names of Docker Hub."""
    scheme: str
    """`http` or `https` if it was written, else empty."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An image or artifact on a registry. Compare and print it; it does no I/O.

    >>> ref = Reference.parse("localhost:5000/team/app:v1")
    >>> ref.registry, ref.repository, ref.tag
    ('localhost:5000', 'team/app', 'v1')
    """

    registry: str
    """Host and port; `docker.io` for Docker Hub."""
    repository: str
    """Name of the repository, such as `library/alpine`."""
    tag: str = ""
    """Tag; empty if only a digest was given."""
    digest: Digest | None = None
    """Digest, which decides where there is also a tag."""

    @classmethod
    def parse(cls, text: str, default_registry: str = HUB) -> Self:
        """The reference that a text means. Raises InvalidReference, which says what is wrong.

        `default_registry`: host of references without one.

        >>> str(Reference.parse("app:v1", default_registry="localhost:5000"))
        'localhost:5000/app:v1'
        """
        check_text("reference", text, "a text such as registry.example/team/app:v1")
        _refuse_what_is_no_reference(text)
        name, at, digest_text = text.partition("@")
        digest = Digest(digest_text) if at else None
        host, path = _split_host(name)
        path, tag = _split_tag(path)
        registry = parse_host(host or default_registry).name
        if not path:
            raise InvalidReference(f'invalid reference "{_shown(text)}": the repository is missing')
        _check_repository(path, host, text)
        if registry == HUB and "/" not in path:
            path = f"library/{path}"
        if len(path) > LONGEST_NAME:
            raise InvalidReference(_too_long(path))
        if not tag and digest is None:
            tag = "latest"
        return cls(registry, path, parse_tag(tag) if tag else "", digest)

    @property
    def endpoint(self) -> str:
        """Host and port to connect to: `registry-1.docker.io` for Docker Hub."""
        return endpoint_of(self.registry)

    @property
    def location(self) -> str:
        """Host and repository, such as `docker.io/library/alpine`."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What is asked of the registry: the digest, or else the tag."""
        return str(self.digest) if self.digest is not None else self.tag

    @property
    def familiar(self) -> str:
        """The shortest form that docker understands alike.

        >>> Reference.parse("docker.io/library/alpine:3.22").familiar
        'alpine:3.22'
        """
        name = self.location
        if self.registry == HUB:
            name = self.repository.removeprefix("library/")
            if "/" in name and _looks_like_host(name.partition("/")[0]):
                name = self.location
        tag = "" if self.digest is None and self.tag == "latest" else self.tag
        return name + self._suffix(tag)

    def with_(self, *, tag: str | None = None, digest: Digest | None = None) -> Self:
        """The same repository with another tag or digest; what is not given is empty."""
        return replace(self, tag="" if tag is None else parse_tag(tag), digest=digest)

    def _suffix(self, tag: str) -> str:
        return (f":{tag}" if tag else "") + (f"@{self.digest}" if self.digest is not None else "")

    def __str__(self) -> str:
        return self.location + self._suffix(self.tag)


@dataclass(frozen=True, slots=True)
class Location:
    """A place of images: a registry, a layout, an archive, a bundle, or a standard stream.

    >>> Location.parse("docker-archive:images.tar:app:v1").name
    'app:v1'
    """

    kind: str
    """`registry`, `oci`, `oci-archive`, `docker-archive`, `bundle` or `-`."""
    path: str = ""
    """File or directory; empty for registries and standard streams."""
    name: str = ""
    """Image in the file or directory; empty if none was written."""
    reference: Reference | None = None
    """Of a registry."""

    @classmethod
    def parse(cls, text: str, default_registry: str = HUB) -> Self:
        """The location that a text means; raises InvalidReference. Reads no file."""
        check_text("location", text, "a text such as alpine:3.22 or oci:DIR:v1")
        if text == "-":
            return cls("-")
        kind, colon, rest = text.partition(":")
        if colon and kind in ARCHIVES and not rest.startswith("//"):
            path, name = _split_path(rest)
            if not path:
                raise InvalidReference(
                    f'invalid location "{_shown(text)}": the path is missing; write {kind}:PATH'
                )
            return cls(kind, path, name)
        if other := next((place for place in _OTHER_PLACES if text.startswith(place)), ""):
            raise InvalidReference(
                f'invalid location "{_shown(text)}": {other} is not supported',
                hint="expected HOST/NAME[:TAG], " + ", ".join(f"{kind}:PATH" for kind in ARCHIVES) + " or -",
            )
        if text.startswith(("./", "../", "/", "~")):
            raise InvalidReference(
                f'invalid location "{_shown(text)}": a path needs its kind',
                hint=f"write oci:{text} (layout), oci-archive:{text} or docker-archive:{text}",
            )
        return cls("registry", reference=Reference.parse(text, default_registry))

    def __str__(self) -> str:
        if self.reference is not None:
            return str(self.reference)
        if self.kind == "-":
            return "-"
        return f"{self.kind}:{self.path}" + (f":{self.name}" if self.name else "")


def parse_tag(text: str) -> str:
    """The tag, if it is valid; raises InvalidReference."""
    check_text("tag", text, "a text such as v1.2")
    if _TAG.fullmatch(text):
        return text
    hint = ""
    if "+" in text:
        hint = f"registries allow no +: charts write {text.replace('+', '_')}"
    raise InvalidReference(
        f'invalid tag "{_shown(text)}": expected up to 128 letters, digits and ._-, but no . or - first',
        hint=hint,
    )


def parse_repository(text: str) -> str:
    """The name of a repository without its host, if it is valid; raises InvalidReference."""
    check_text("repository", text, "a text such as team/app")
    _check_repository(text, "", text)
    if len(text) > LONGEST_NAME:
        raise InvalidReference(_too_long(text))
    return text


def parse_host(text: str) -> Host:
    """A registry's host: `HOST[:PORT]`, or a URL as docker writes it. Raises InvalidReference.

    >>> parse_host("https://index.docker.io/v1/").name
    'docker.io'
    """
    check_text("registry", text, "a text such as registry.example:5000")
    scheme, rest = "", text
    if found := _SCHEME.match(text):
        scheme, rest = found[1].lower(), text[found.end() :]
        if scheme not in ("http", "https"):
            raise InvalidReference(
                f'invalid registry "{_shown(text)}": unknown scheme {scheme}, expected https or http'
            )
        rest, _, path = rest.partition("/")
        if path.strip("/") not in ("", "v1", "v2"):
            raise InvalidReference(
                f'invalid registry "{_shown(text)}": expected a host without a path, such as {scheme}://{rest}'
            )
    elif "/" in rest.rstrip("/"):
        raise InvalidReference(f'invalid registry "{_shown(text)}": expected HOST[:PORT] without a path')
    name = _checked_host(rest.rstrip("/"), text)
    if name.lower() in HUB_NAMES:
        name = HUB
    return Host(name, scheme)


def names_registry(text: str) -> bool:
    """Whether a reference says on which registry it is, by docker's rules.

    >>> [names_registry(text) for text in ("localhost/app", "team/app:v1", "localhost:5000")]
    [True, False, False]
    """
    return bool(_split_host(text.partition("@")[0])[0])


def is_address(text: str) -> bool:
    """Whether it looks like HOST:PORT. By docker's rules it is a name and a tag, but that is seldom meant.

    >>> [is_address(text) for text in ("localhost:5000", "r.example:443", "alpine:3", "localhost")]
    [True, True, False, False]
    """
    host, _, port = text.partition(":")
    return ("." in host or host == "localhost") and "/" not in text and port.isdecimal()


def is_host_by_case(host: str) -> bool:
    """Whether a name is taken for a registry's for nothing but its upper-case letters.

    >>> [is_host_by_case(name) for name in ("Team", "team", "Registry.example", "LOCALHOST:5000")]
    [True, False, False, False]
    """
    return host != host.lower() and "." not in host and ":" not in host


def endpoint_of(host: str) -> str:
    """Host and port to connect to for a registry's name."""
    return HUB_ENDPOINT if host in HUB_NAMES else host


def _refuse_what_is_no_reference(text: str) -> None:
    if found := _SCHEME.match(text):
        rest = text[found.end() :]
        raise InvalidReference(
            f'invalid reference "{_shown(text)}": a reference has no {found[1]}://',
            hint=f"write {_shown(rest)}",
        )
    if _IMAGE_ID.fullmatch(text):
        raise InvalidReference(
            f'invalid reference "{text}": it looks like an image ID',
            hint="write NAME@sha256:DIGEST for a digest",
        )
    first = text.partition("/")[0]
    if "/" in text and not first.startswith("[") and _BARE_IPV6.fullmatch(first):
        raise InvalidReference(
            f'invalid reference "{_shown(text)}": an IPv6 address is written in brackets',
            hint=f"write [{first}]{text[len(first) :]}",
        )


def _split_host(name: str) -> tuple[str, str]:
    """Host, empty if there is none, and the rest."""
    if name.startswith("["):
        host, _, path = name.partition("/")
        return host, path
    first, slash, rest = name.partition("/")
    return (first, rest) if slash and _looks_like_host(first) else ("", name)


def _looks_like_host(first: str) -> bool:
    return "." in first or ":" in first or first == "localhost" or first != first.lower()


def _split_tag(path: str) -> tuple[str, str]:
    head, colon, tag = path.rpartition(":")
    if not colon:
        return path, ""
    if not tag:
        raise InvalidReference(f'invalid reference "{_shown(path)}": the tag after : is missing')
    return head, tag


def _split_path(text: str) -> tuple[str, str]:
    """Path and name: at the first colon that is not a drive's."""
    start = 2 if _DRIVE.match(text) else 0
    path, _, name = text[start:].partition(":")
    return text[:start] + path, name


def _check_repository(path: str, host: str, text: str) -> None:
    if _REPOSITORY.fullmatch(path):
        return
    if _REPOSITORY.fullmatch(path.lower()):
        lowered = f"{host}/{path.lower()}" if host else path.lower()
        raise InvalidReference(
            f'invalid reference "{_shown(text)}": the repository must be lower case',
            hint=f"write {host.lower()}/{path.lower()}; {lowered} is on the registry {host}"
            if is_host_by_case(host)
            else f"write {lowered}",
        )
    raise InvalidReference(
        f'invalid repository "{_shown(path)}": expected lower-case letters and digits, '
        "separated by one of . _ __ - and by /"
    )


def _checked_host(host: str, text: str) -> str:
    found = _IPV6.fullmatch(host)
    if found:
        address = found["address"]
        if "%" in address:
            raise InvalidReference(f'invalid registry "{_shown(text)}": an IPv6 address may have no zone')
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            raise InvalidReference(f'invalid registry "{_shown(text)}": invalid IPv6 address') from None
    else:
        found = _HOST.fullmatch(host)
        if not found:
            hint = f"write [{host}]" if _BARE_IPV6.fullmatch(host) else ""
            raise InvalidReference(
                f'invalid registry "{_shown(text)}": expected HOST[:PORT], such as registry.example:5000',
                hint=hint,
            )
    port = found["port"]
    if port is not None and not 0 < int(port[:6]) < 65536:
        raise InvalidReference(f'invalid registry "{_shown(text)}": the port must be between 1 and 65535')
    return host


def _too_long(path: str) -> str:
    return f'invalid repository "{path[:40]}…": longer than {LONGEST_NAME} characters'


def _shown(text: str) -> str:
    """Text for messages: short, and without control characters."""
    short = text if len(text) <= 160 else f"{text[:160]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in short)
