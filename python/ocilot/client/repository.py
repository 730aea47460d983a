"""A repository: its tags, images and artifacts, on a registry, in a layout or in an archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ocilot.arguments import check_choice, check_path, check_text, check_type
from ocilot.display import table
from ocilot.errors import Unsupported
from ocilot.oci import Descriptor, Digest, Manifest, Platform
from ocilot.references import Reference, parse_tag

from . import artifacts, charts, looking, ocilot_api, removing, tags, usage
from .artifacts import File, Subject
from .context import Context
from .drive import run
from .image import Image, Index
from .listing import Listing
from .looking import Referrer
from .named import NamedReference
from .ocilot_api import HistoryItem
from .plan import Plan
from .reader import BlobReader
from .removing import Strategy
from .selection import part_that_decides
from .steps import Steps
from .store import Store
from .tags import Tag
from .transfer import fetch
from .usage import Usage


class Repository:
    """The images of one name. Made by `Registry.repository` and `ocilot.open`; making it does no I/O.

    >>> registry.repository("team/app").name
    'team/app'
    """

    def __init__(
        self,
        store: Store,
        context: Context,
        reference: NamedReference | None = None,
        close: Callable[[], Steps[None]] | None = None,
    ) -> None:
        self._store = store
        self._context = context
        self._reference = reference
        self._close = close or store.close

    @property
    def store(self) -> Store:
        """What reads and writes it, for `ocilot.copy`."""
        return self._store

    @property
    def location(self) -> str:
        """Where it is: `HOST/NAME`, or `oci:DIR` and the like."""
        return self._store.location

    @property
    def name(self) -> str:
        """Its name on the registry; of an archive, its location.

        >>> ocilot.connect("docker.io").repository("library/alpine").name
        'library/alpine'
        """
        return self.location if self._reference is None else self._reference.repository

    def tags(self, match: str | None = None, sort: str | None = None) -> Listing[Tag]:
        """Its tags, fetched page by page while they are read.

        `match`: a pattern with `*`, `?` and `{one,other}`. `sort`: `name` or `-name`, which fetches all
        first; on an ocilot registry, for its administrators, also `pushed`, `pulled`, `size`, `semver` and
        these with `-`; only so tags have their digest, times, size and platforms. Other names than versions
        are last by `semver`, as are by `pulled` those without a pull. None: as the registry has them.
        Raises InvalidReference; reading it raises NotFound, AuthError, Unsupported, NetworkError.

        >>> [tag.name for tag in app.tags(match="v1.*")]
        ['v1.1']
        """
        return Listing(f"tags of {self.location}", tags.tag_pages(self._store, match, sort), Tag.to_json)

    def history(self, tag: str) -> Listing[HistoryItem]:
        """Changes of a tag, the newest first: only on an ocilot registry, for its administrators.

        Reading it raises Unsupported elsewhere, AuthError, NetworkError.

        >>> for change in app.history("v1"):  # doctest: +SKIP
        ...     print(change.at, change.by, change.digest)
        """
        return Listing(
            f"history of {self.location}:{tag}",
            partial(ocilot_api.history, self._store, parse_tag(tag)),
            HistoryItem.to_json,
        )

    def usage(self, match: str | None = None) -> Usage:
        """What its images take, each blob once: reads the manifests of all tags, or of those that match.

        Raises NotFound, InvalidReference for an invalid pattern, AuthError, NetworkError.

        >>> app.usage(match="v1*").blobs[0].users
        ('v1', 'v1.1')
        """
        return run(usage.of_repository(self._store, self.name, match, self._context.limits))

    def get(self, reference: str = "latest", platform: str | Platform | None = None) -> Image:
        """The image of a tag or digest, in two or three requests.

        `platform`, such as `linux/arm64`: which one of an index; None: that of this machine.
        Raises NotFound, PlatformNotFound, AuthError, IntegrityError, NetworkError.

        >>> app.get("v1", platform="linux/amd64").config.cmd
        ('/bin/sh',)
        """
        found = run(looking.image(self._store, reference, platform, self._context.limits))
        return Image(self._store, self._context, found)

    def index(self, reference: str = "latest") -> Index:
        """The index of a tag or digest, with the images of all platforms.

        Raises NotFound; InvalidReference if the reference is that of a single image.

        >>> len(app.index("latest").manifest.manifests)
        2
        """
        manifest = run(looking.index(self._store, reference))
        return Index(self._store, self._context, reference, manifest)

    def manifest(self, reference: str = "latest") -> Manifest:
        """The manifest or index of a tag or digest, byte by byte. Raises NotFound, IntegrityError.

        >>> app.manifest("latest").is_index
        True
        """
        return run(self._store.manifest(part_that_decides(reference)))

    def resolve(self, reference: str = "latest") -> Descriptor:
        """Digest, size and media type of a tag or digest, without its content. Raises NotFound.

        >>> app.resolve("v1").digest == app.get("v1").digest
        True
        """
        return run(self._store.resolve(part_that_decides(reference)))

    def exists(self, reference: str) -> bool:
        """Whether there is such a tag or digest. Raises AuthError, NetworkError.

        >>> app.exists("v1"), app.exists("v9")
        (True, False)
        """
        return run(looking.exists(self._store, reference))

    def tag(self, source: Image | Index | Manifest | str, tag: str) -> Digest:
        """Sets a tag to an image that the repository has; returns its digest.

        `source`: an image, index or manifest, or the tag or digest of one.
        Raises InvalidReference, NotFound, Conflict where tags are immutable, AuthError.

        >>> app.tag("v1", "stable") == app.resolve("v1").digest
        True
        """
        manifest = source.manifest if isinstance(source, (Image, Index)) else source
        return run(looking.tag(self._store, manifest, parse_tag(tag)))

    def untag(self, tag: str, *, strategy: Strategy = "delete") -> Plan:
        """Plans the removal of a tag; the image stays. Nothing is done before `apply`.

        `strategy` `overwrite`: for registries that delete no tags, points the tag to an empty manifest and
        deletes that. Raises NotFound, InvalidReference.

        >>> print(app.untag("v1").removes[0].name)
        v1
        """
        check_choice("strategy", strategy, ("delete", "overwrite"))
        item, keeps = run(removing.untagging(self._store, parse_tag(tag)))
        return Plan(self.location, (item,), keeps, partial(removing.untag, self._store, item, strategy))

    def delete(self, reference: str) -> Plan:
        """Plans the removal of a manifest, by digest or tag, with all tags that name it.

        Raises NotFound. The plan asks what each tag names; with more than 1000 tags it says so.

        >>> [item.kind for item in app.delete("v1").removes]
        ['manifest', 'tag', 'tag']
        """
        removes, keeps = run(
            removing.deletion(self._store, part_that_decides(reference), self._context.limits)
        )
        return Plan(self.location, removes, keeps, partial(removing.delete, self._store, removes))

    def blob(self, blob: str | Descriptor) -> bytes:
        """A small blob, verified, in memory: at most `Limits.blob` bytes.

        Raises NotFound, IntegrityError if it is larger or damaged, NetworkError.

        >>> app.blob(app.get("v1").layers[0].descriptor)[:2].hex()
        '1f8b'
        """
        descriptor = run(artifacts.descriptor_of(self._store, blob))
        return run(fetch(self._store, descriptor, self._context.limits.blob))

    def open_blob(self, blob: Descriptor) -> BlobReader:
        """A blob of any size, to read in order; opened with the first read.

        >>> with app.open_blob(app.get("v1").layers[0].descriptor) as reader:
        ...     reader.read(2).hex()
        '1f8b'
        """
        check_type("blob", blob, Descriptor, "a Descriptor, such as that of a layer")
        return BlobReader(self._store, blob, self._context.limits)

    def push(
        self,
        *files: File,
        artifact_type: str = "",
        annotations: Mapping[str, str] | None = None,
        subject: Subject | None = None,
        tag: str = "",
    ) -> Digest:
        """Pushes files as an artifact, as `oras push` and `oras attach` do; returns its digest.

        `files`: paths, or pairs of a path and a media type. A relative path is kept as its title, of an
        absolute one only the last part. `subject`: the image that it belongs to (an SBOM, a signature), by
        tag, digest or descriptor. `tag` empty: it has only its digest.
        Raises StorageError, InvalidReference, NotFound for the subject, AuthError, NetworkError.

        >>> sbom = directory / "sbom.json"
        >>> digest = app.push(sbom, artifact_type="application/vnd.example.sbom", tag="sbom")
        >>> app.manifest("sbom").digest == digest
        True
        """
        return run(
            artifacts.push(self._store, files, artifact_type, annotations or {}, subject, tag, self._context)
        )

    def push_chart(self, file: str | os.PathLike[str], *, tag: str = "") -> Digest:
        """Pushes a packaged Helm chart, as `helm push` does; returns its digest.

        The last part of the repository's name must be the name of the chart. Its version is the tag, with `_`
        for `+`. Raises ArchiveError, InvalidReference, StorageError, AuthError, NetworkError.

        >>> charts = registry.repository("charts/web")
        >>> charts.push_chart(directory / "web-1.0.0+x.tgz") == charts.resolve("1.0.0_x").digest
        True
        """
        check_path("file", file)
        return run(charts.push(self._store, os.fspath(file), tag, self._context))

    def pull(self, reference: str, directory: str | os.PathLike[str] = ".") -> list[Path]:
        """Writes the files of an artifact or Helm chart into a directory; returns their paths.

        Titles that lead out of the directory are refused: UnsafePath. Raises NotFound, StorageError,
        IntegrityError, NetworkError.

        >>> [path.name for path in app.pull("sbom", directory / "pulled")]
        ['sbom.json']
        """
        check_path("directory", directory)
        return run(artifacts.pull(self._store, reference, Path(directory), self._context))

    def referrers(self, reference: str, artifact_type: str = "") -> Listing[Referrer]:
        """Artifacts whose subject is a digest, such as signatures and SBOMs; by the API or the fallback tag.

        A tag is resolved first. `artifact_type`: only those of this type. Raises NotFound.

        >>> [referrer.artifact_type for referrer in app.referrers("v1")]
        ['application/vnd.example.sbom']
        """
        check_text("artifact_type", artifact_type, "a media type")
        digest = run(looking.digest_of(self._store, reference))
        return Listing(
            f"referrers of {self.location}@{digest}",
            looking.referrer_pages(self._store, [digest], artifact_type),
            Referrer.to_json,
        )

    def close(self) -> None:
        """Writes what is still to be written to an archive, and releases files and connections."""
        run(self._close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __truediv__(self, text: str) -> NamedReference:
        """A name below this one, without I/O: `app / "alpine:3.22"` is `HOST/team/app/alpine:3.22`."""
        check_text("reference", text, "a text such as alpine:3.22")
        base = self._on_registry()
        found = Reference.parse(f"{base.location}/{text}")
        return NamedReference(found.registry, found.repository, found.tag, found.digest, open=base.open)

    def __getitem__(self, reference: str) -> NamedReference:
        """A tag or digest of this repository, without I/O: `app["v1"]` is `HOST/team/app:v1`."""
        check_text("reference", reference, "a tag or digest")
        base = self._on_registry()
        if ":" not in reference:
            return base.with_(tag=reference)
        tag, _, digest = reference.rpartition("@")
        return base.with_(tag=tag or None, digest=Digest(digest))

    def _on_registry(self) -> NamedReference:
        if self._reference is None:
            raise Unsupported(f"{self.location} is not on a registry", hint=f"write {self.location}:NAME")
        return self._reference

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Repository) and other.location == self.location

    def __hash__(self) -> int:
        return hash(self.location)

    def _repr_html_(self) -> str:
        rows = [(self.name, self.location)]
        return table("repository", ("name", "location"), rows, "tags() and usage() show what it has")

    def __repr__(self) -> str:
        return f"<Repository {self.location}>"
