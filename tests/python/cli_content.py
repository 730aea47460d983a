"""A registry with images for tests of the command line, pushed without the client that they test."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

OCI = "application/vnd.oci.image"
MANIFEST, INDEX = f"{OCI}.manifest.v1+json", f"{OCI}.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
CREATED = "2026-11-21T17:48:55Z"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer_of(files: Mapping[str, bytes]) -> bytes:
    """A tar of files; a name with a slash at its end is a directory, a value `b"-> TARGET"` a symlink."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mtime = 1_764_000_000
            if name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            elif content.startswith(b"-> "):
                entry.type, entry.linkname = tarfile.SYMTYPE, content[3:].decode()
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Content:
    """Pushes to one registry by plain requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.host = url.partition("://")[2]

    def ask(self, method: str, path: str, data: bytes | None = None, media_type: str = "") -> Any:
        headers = {"Content-Type": media_type or "application/octet-stream"}
        url = path if "://" in path else f"{self.url}{path}"
        return urlopen(Request(url, data, headers, method=method))

    def blob(self, name: str, data: bytes, media_type: str) -> dict[str, Any]:
        """Pushes a blob and returns its descriptor."""
        digest = digest_of(data)
        with self.ask("POST", f"/v2/{name}/blobs/uploads/", b"") as answer:
            location = answer.headers["Location"]
        sign = "&" if "?" in location else "?"
        self.ask("PUT", f"{location}{sign}digest={digest}", data).close()
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def manifest(self, name: str, fields: Mapping[str, Any], tag: str = "") -> dict[str, Any]:
        """Pushes a manifest and returns its descriptor."""
        raw = json.dumps(fields).encode()
        media_type, digest = str(fields["mediaType"]), digest_of(raw)
        self.ask("PUT", f"/v2/{name}/manifests/{tag or digest}", raw, media_type).close()
        return {"mediaType": media_type, "digest": digest, "size": len(raw)}

    def image(
        self,
        name: str,
        tag: str = "",
        layers: tuple[Mapping[str, bytes], ...] = ({"hello": b"hello\n"},),
        architecture: str = "amd64",
        **config: Any,
    ) -> dict[str, Any]:
        """Pushes an image and returns its descriptor with its platform."""
        tars = [layer_of(files) for files in layers]
        descriptors = [
            self.blob(name, gzip.compress(tar, mtime=0), f"{OCI}.layer.v1.tar+gzip") for tar in tars
        ]
        fields = {
            "os": "linux",
            "architecture": architecture,
            "created": CREATED,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]},
            "history": [{"created": CREATED, "created_by": f"COPY {number}"} for number in range(len(tars))],
        }
        made = self.blob(name, json.dumps(fields).encode(), f"{OCI}.config.v1+json")
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": made, "layers": descriptors}
        descriptor = self.manifest(name, manifest, tag)
        return descriptor | {"platform": {"os": "linux", "architecture": architecture}}

    def index(self, name: str, tag: str, images: list[dict[str, Any]]) -> dict[str, Any]:
        """Pushes an index of images."""
        return self.manifest(name, {"schemaVersion": 2, "mediaType": INDEX, "manifests": images}, tag)

    def artifact(
        self,
        name: str,
        files: Mapping[str, bytes],
        kind: str,
        tag: str = "",
        subject: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Pushes an artifact of files."""
        fields = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "config": self.blob(name, b"{}", EMPTY),
            "layers": [
                self.blob(name, data, "text/plain")
                | {"annotations": {"org.opencontainers.image.title": title}}
                for title, data in files.items()
            ],
        }
        if subject is not None:
            fields["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
        return self.manifest(name, fields, tag)

    def digest(self, name: str, reference: str) -> str:
        """What a tag names."""
        request = Request(
            f"{self.url}/v2/{name}/manifests/{reference}",
            headers={"Accept": f"{MANIFEST}, {INDEX}"},
            method="HEAD",
        )
        with urlopen(request) as answer:
            return str(answer.headers["Docker-Content-Digest"])

    def tags(self, name: str) -> list[str]:
        """All tags of a repository."""
        with self.ask("GET", f"/v2/{name}/tags/list") as answer:
            return list(json.load(answer)["tags"] or [])
