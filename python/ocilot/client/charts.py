"""Helm charts: their media types, and the rules of their names and versions."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any, Final

from ocilot.errors import ArchiveError, ConfigError, InvalidReference, StorageError
from ocilot.layers import Decompressed, FileType, TarReader
from ocilot.oci import Descriptor, Digest, Manifest, digest_of
from ocilot.oci.media_types import OCI_MANIFEST
from ocilot.references import parse_tag
from ocilot.text_file import read_bytes

from .context import Context
from .events import BlobFinished, BlobStarted, ManifestPushed
from .steps import Steps, call
from .store import Store
from .streams import of_bytes, of_file

CHART_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE: Final = "application/vnd.cncf.helm.chart.provenance.v1.prov"
LONGEST: Final = 1 << 20
"""Bytes of a Chart.yaml."""
LARGEST: Final = 64 << 20
"""Bytes of a chart."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def push(store: Store, path: str, tag: str, context: Context) -> Steps[Digest]:
    """Pushes a chart, with its provenance if there is a file `CHART.tgz.prov`."""
    fields, digest, size = yield from call(_read, path)
    name, version = _name_and_version(fields, path)
    last = store.location.rpartition("/")[2]
    if last != name:
        raise InvalidReference(
            f"chart {name} cannot be pushed to {store.location}: the repository's last part must be the name "
            "of the chart",
            hint=f"use {store.location}/{name}",
        )
    wanted = parse_tag(tag_of(version))
    if tag and tag not in (version, wanted):
        raise InvalidReference(
            f"chart {name} has version {version}, not {tag}: the tag is the version, with _ for +",
            hint=f"leave the tag out, or use {wanted}",
        )
    config = json.dumps(fields, separators=(",", ":"), default=str).encode()
    blobs = [
        (Descriptor(CHART_CONFIG, digest_of(config), len(config)), partial(of_bytes, config)),
        (Descriptor(CHART, digest, size), partial(of_file, path, size)),
    ]
    provenance = yield from call(_provenance, path)
    if provenance is not None:
        descriptor = Descriptor(PROVENANCE, digest_of(provenance), len(provenance))
        blobs.append((descriptor, partial(of_bytes, provenance)))
    for blob, opener in blobs:
        context.report(BlobStarted(blob.digest, blob.size, blob.media_type))
        context.report(BlobFinished(blob.digest, blob.size, (yield from store.put(blob, opener))))
    manifest = Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": blobs[0][0].to_json(),
            "layers": [blob.to_json() for blob, _ in blobs[1:]],
            "annotations": _annotations(fields, name, version),
        }
    )
    yield from store.put_manifest(manifest, wanted)
    context.report(ManifestPushed(manifest.digest, wanted))
    return manifest.digest


def tag_of(version: str) -> str:
    """The tag of a version: registries allow no `+`.

    >>> tag_of("1.0.0+x")
    '1.0.0_x'
    """
    return version.replace("+", "_")


def chart_file(config: bytes, location: str) -> str:
    """The name of a chart's file, by its config. Raises ArchiveError."""
    try:
        fields = json.loads(config)
    except ValueError:
        fields = None
    name, version = _name_and_version(fields if isinstance(fields, dict) else {}, location)
    return f"{name}-{version}.tgz"


def _name_and_version(fields: dict[str, Any], where: str) -> tuple[str, str]:
    name, version = fields.get("name"), fields.get("version")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ArchiveError(f"invalid chart {where}: its Chart.yaml has no valid name")
    if not isinstance(version, str) or not version or "/" in version:
        raise ArchiveError(f"invalid chart {where}: its Chart.yaml has no valid version")
    return name, version


def _annotations(fields: dict[str, Any], name: str, version: str) -> dict[str, str]:
    found = {"org.opencontainers.image.title": name, "org.opencontainers.image.version": version}
    for field, key in (("description", "description"), ("home", "url")):
        if isinstance(fields.get(field), str):
            found[f"org.opencontainers.image.{key}"] = fields[field]
    return found


def _provenance(path: str) -> bytes | None:
    file = Path(f"{path}.prov")
    return read_bytes(file, "provenance", largest=LARGEST) if file.is_file() else None


def _read(path: str) -> tuple[dict[str, Any], Digest, int]:
    """Chart.yaml, and digest and size of the file."""
    import yaml

    try:
        data = read_bytes(path, "chart", largest=LARGEST)
        unpacked = Decompressed([data], name=path)
        if unpacked.compression != "gzip":
            raise ArchiveError(f"invalid chart {path}: expected a gzip archive")
        archive = TarReader(unpacked, name=path)
        for entry in archive:
            if re.fullmatch(r"[^/]+/Chart\.yaml", entry.name) and entry.type is FileType.FILE:
                if entry.size > LONGEST:
                    raise ArchiveError(f"invalid chart {path}: its Chart.yaml has {entry.size} bytes")
                fields = yaml.safe_load(archive.content().read())
                if isinstance(fields, dict):
                    return fields, digest_of(data), len(data)
                break
    except ConfigError as problem:
        raise StorageError(str(problem)) from None
    except OSError as problem:
        raise StorageError(f"cannot read {path}: {problem.strerror}") from None
    except yaml.YAMLError as problem:
        raise ArchiveError(f"invalid chart {path}: {problem}") from None
    raise ArchiveError(f"invalid chart {path}: no NAME/Chart.yaml in it", hint="make it with `helm package`")
