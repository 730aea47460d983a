"""The names in the `index.json` of an OCI layout: how they are read, chosen and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ocilot.errors import ArchiveError, InvalidReference, NotFound
from ocilot.oci import Descriptor, Digest
from ocilot.oci.media_types import OCI_INDEX
from ocilot.references import Reference

REF_NAME: Final = "org.opencontainers.image.ref.name"
IMAGE_NAME: Final = "io.containerd.image.name"
LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'


def names_of(entry: Descriptor) -> tuple[str, ...]:
    """Names of an entry: the full one first."""
    found = (entry.annotations.get(IMAGE_NAME, ""), entry.annotations.get(REF_NAME, ""))
    return tuple(dict.fromkeys(name for name in found if name))


def tag_of(name: str) -> str:
    """The tag of a full name, or the name itself: `host:5000/a:v1` is `v1`, `host/a` is `latest`."""
    if "/" not in name and ":" not in name:
        return name
    last = name.rpartition("/")[2].partition("@")[0]
    return last.rpartition(":")[2] if ":" in last else "latest"


def is_full(name: str) -> bool:
    """Whether it names a repository too, and not only a tag."""
    return "/" in name or ":" in name


def canonical(name: str) -> str:
    """A full name with host and tag, so that `alpine` and `docker.io/library/alpine:latest` are the same."""
    if not is_full(name):
        return name
    try:
        return str(Reference.parse(name))
    except InvalidReference:
        return name


def annotations_for(name: str) -> dict[str, str]:
    """How an entry of this name is written: the tag where all programs look, the full name for containerd."""
    return {IMAGE_NAME: name, REF_NAME: tag_of(name)} if is_full(name) else {REF_NAME: name}


def parse(raw: bytes, location: str) -> tuple[dict[str, Any], list[Descriptor]]:
    """All fields of an `index.json`, and its entries. Raises ArchiveError."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise ArchiveError(f"invalid index.json of {location}: not JSON ({problem})") from None
    if not isinstance(found, dict) or not isinstance(found.get("manifests"), list):
        raise ArchiveError(f"invalid index.json of {location}: expected an object with manifests")
    return found, [Descriptor.from_json(item) for item in found["manifests"]]


def render(entries: Iterable[Descriptor], fields: dict[str, Any] | None = None) -> bytes:
    """An `index.json` of these entries. Fields that are there already stay."""
    found: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, **(fields or {})}
    found["manifests"] = [entry.to_json() for entry in entries]
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def add(entries: Sequence[Descriptor], new: Descriptor, name: str = "") -> list[Descriptor]:
    """The entries with a new one under this name, which no other has afterwards."""
    kept = remove(entries, name) if name else list(entries)
    if not name:
        return kept if any(entry.digest == new.digest for entry in kept) else [*kept, new]
    # What is named needs no entry without a name.
    kept = [entry for entry in kept if entry.digest != new.digest or names_of(entry)]
    return [*kept, new.with_(annotations={**new.annotations, **annotations_for(name)})]


def remove(entries: Sequence[Descriptor], name: str) -> list[Descriptor]:
    """The entries without those of exactly this name."""
    return [entry for entry in entries if not is_named(entry, name)]


def is_named(entry: Descriptor, name: str) -> bool:
    """Whether an entry has exactly this name: what another one of this name would replace."""
    full, tag = entry.annotations.get(IMAGE_NAME, ""), entry.annotations.get(REF_NAME, "")
    if is_full(name):
        return name in (full, tag)
    return tag == name and not full


def choose(entries: Sequence[Descriptor], reference: str, location: str) -> Descriptor:
    """The entry that a name or digest means; an empty one: the only entry there is.

    Raises NotFound, or InvalidReference where several fit, with their names.
    """
    if not reference:
        return _only(_named(entries) or list(entries), "", location)
    if "@" in reference or reference.startswith(("sha256:", "sha512:")):
        digest = Digest(reference.rpartition("@")[2])
        found = [entry for entry in entries if entry.digest == digest]
        if not found:
            raise NotFound(f"no manifest {digest} in {location}")
        return found[0]
    wanted = canonical(reference)
    exact = [
        entry
        for entry in entries
        if reference in names_of(entry) or wanted in map(canonical, names_of(entry))
    ]
    tagged = [entry for entry in entries if _tag_fits(entry, reference)]
    return _only(exact or tagged, reference, location, entries)


def _tag_fits(entry: Descriptor, reference: str) -> bool:
    names = names_of(entry)
    if is_full(reference):
        # A layout whose entries say no more than a tag fits any repository.
        return tag_of(reference) in names and not any(is_full(name) for name in names)
    return any(tag_of(name) == reference for name in names)


def _only(
    found: Sequence[Descriptor], reference: str, location: str, entries: Sequence[Descriptor] = ()
) -> Descriptor:
    if len({entry.digest for entry in found}) == 1:
        return found[0]
    if found:
        what = f'"{reference}" is ambiguous in {location}' if reference else f"{location} has several images"
        raise InvalidReference(f"{what}: choose one of {_choices(found)}")
    if not reference:
        raise NotFound(f"{location} has no image")
    raise NotFound(f'no image "{reference}" in {location}: it has {_choices(entries) or "none with a name"}')


def _choices(entries: Sequence[Descriptor]) -> str:
    """Names, as full as they are; digests of what has none."""
    return ", ".join(sorted({next(iter(names_of(entry)), str(entry.digest)) for entry in entries}))


def _named(entries: Sequence[Descriptor]) -> list[Descriptor]:
    """Images that a person would mean: not the referrers beside them."""
    return [entry for entry in entries if names_of(entry) and not is_referrer_tag(tag_of(names_of(entry)[0]))]


def is_referrer_tag(tag: str) -> bool:
    """Whether it is a tag that carries referrers: `sha256-HEX`, `sha256-HEX.sig` and the like."""
    algorithm, _, rest = tag.partition("-")
    digits = rest.partition(".")[0]
    return algorithm in ("sha256", "sha512") and len(digits) >= 32 and not digits.strip("0123456789abcdef")


def listed(entries: Sequence[Descriptor]) -> list[str]:
    """A name for each entry that has one, which no other has: the tag, or else the full name."""
    tags = [entry.annotations.get(REF_NAME, "") for entry in entries]
    found: dict[str, None] = {}
    for entry, tag in zip(entries, tags, strict=True):
        full = entry.annotations.get(IMAGE_NAME, "")
        name = full if full and (not tag or tags.count(tag) > 1) else tag
        if name:
            found[name] = None
    return sorted(found)


def listed_full(entries: Sequence[Descriptor]) -> list[str]:
    """Full names of the images, without the referrers beside them."""
    return sorted({names_of(entry)[0] for entry in _named(entries)})
