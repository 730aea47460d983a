"""What the walk pushes: images, indexes and artifacts of every make, each set a small builder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from itertools import count, takewhile
from typing import Any

from .images import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    digest_of,
    image_config,
    noise,
)

EMPTY = "application/vnd.oci.empty.v1+json"
TAR = "application/vnd.oci.image.layer.v1.tar"
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
NON_DISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
SBOM = "application/vnd.example.sbom.v1+json"
SIGNATURE = "application/vnd.example.signature.v1+json"
ABSENT, DEFAULT = object(), object()
"""A field that is left out, and one that is made; None is a null."""

LARGE = 3_900_000
"""Bytes that make a manifest large; with the rest of it, it stays below 4 MiB."""


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Part(Content):
    """A blob or a manifest under the digest of its algorithm."""

    algorithm: str = "sha256"

    @cached_property
    def digest(self) -> str:
        return digest_of(self.data, self.algorithm)

    @cached_property
    def fields(self) -> Any:
        return json.loads(self.data)


@dataclass
class DataSet:
    """Pushed in the order it was made in, deleted in the opposite one."""

    title: str
    algorithm: str = "sha256"
    blobs: list[Part] = field(default_factory=list)
    manifests: list[Part] = field(default_factory=list)
    tags: dict[str, Part] = field(default_factory=dict)
    by_parameter: bool = False
    """Whether the tags come with the pushes by digest, as `?tag=`."""

    def blob(self, data: bytes, media_type: str = OCI_LAYER, *, pushed: bool = True) -> Part:
        part = Part(media_type, data, self.algorithm)
        if pushed and part not in self.blobs:
            self.blobs.append(part)
        return part

    def layer(self, label: object = "", *, media_type: str = OCI_LAYER, pushed: bool = True) -> Part:
        return self.blob(noise(2048, f"{self.title}/{label}"), media_type, pushed=pushed)

    def manifest(self, media_type: str, fields: dict[str, Any], *tags: str, pushed: bool = True) -> Part:
        kept = {key: value for key, value in fields.items() if value is not ABSENT}
        part = Part(media_type, compact({"schemaVersion": 2, "mediaType": media_type} | kept), self.algorithm)
        if pushed and part not in self.manifests:
            self.manifests.append(part)
        if pushed:
            self.tags |= dict.fromkeys(tags, part)
        return part

    def image(
        self, *tags: str, label: str = "amd64", layers: Any = DEFAULT, pushed: bool = True, **fields: Any
    ) -> Part:
        platform = {"os": "linux", "architecture": label}
        config = self.blob(compact(image_config([self.title], platform)), OCI_CONFIG, pushed=pushed)
        if layers is DEFAULT:
            layers = [self.layer(f"{label}/{number}", pushed=pushed).descriptor() for number in range(2)]
        own = {"config": config.descriptor(), "layers": layers}
        return self.manifest(OCI_MANIFEST, own | fields, *tags, pushed=pushed)

    def artifact(self, *tags: str, **fields: Any) -> Part:
        """No image: an empty config, and one layer of any kind."""
        empty = self.blob(b"{}", EMPTY)
        layer = self.layer(f"artifact{len(self.manifests)}", media_type="text/plain")
        own = {"artifactType": SBOM, "config": empty.descriptor(), "layers": [layer.descriptor()]}
        return self.manifest(OCI_MANIFEST, own | fields, *tags)

    def index(self, children: Sequence[Part], *tags: str, **fields: Any) -> Part:
        own = {"manifests": [child.descriptor() for child in children]}
        return self.manifest(OCI_INDEX, own | fields, *tags)

    def platforms(self, *tags: str, **fields: Any) -> Part:
        return self.index([self.image(label="amd64"), self.image(label="arm64")], *tags, **fields)


def image_uncompressed(made: DataSet) -> None:
    made.image("latest", layers=[made.layer(media_type=TAR).descriptor()])


def nested_index(made: DataSet) -> None:
    inner = made.platforms("inner")
    made.index([made.index([inner]), made.image(label="s390x")], "index")


def artifacts_with_subject(made: DataSet) -> None:
    """By artifact type, by the type of the config, with annotations, and about another artifact."""
    subject = made.image("image").descriptor()
    made.artifact("sbom", subject=subject, annotations={"org.example.key": 'a "value" \u00fc'})
    signature = made.artifact("signature", subject=subject, artifactType=SIGNATURE)
    config = made.blob(b'{"own": 1}', "application/vnd.example.config.v1+json").descriptor()
    made.artifact("by-config", subject=subject, artifactType=ABSENT, config=config)
    made.artifact("both", subject=subject, config=config, annotations={})
    made.artifact("about-signature", subject=signature.descriptor(), annotations={"a": "1", "b": ""})


def index_with_subject(made: DataSet) -> None:
    """An index has the artifact type it names, or none."""
    subject = made.platforms("index").descriptor()
    made.platforms("plain", subject=subject)
    made.platforms("typed", subject=subject, artifactType=SBOM, annotations={"org.example.key": "value"})


def missing_subject(made: DataSet) -> None:
    never = Part(OCI_MANIFEST, made.title.encode(), made.algorithm).descriptor()
    other = Part(OCI_INDEX, b"{}", "sha512" if made.algorithm == "sha256" else "sha256").descriptor()
    made.artifact("tagged", subject=never)
    made.index([], subject=never, artifactType=SIGNATURE)
    made.artifact(subject=other)


def subject_comes_last(made: DataSet) -> None:
    subject = made.image(pushed=False)
    made.artifact("early", subject=subject.descriptor())
    assert made.image("late") == subject


def data_field(made: DataSet) -> None:
    inline = made.blob(b"{}", EMPTY).descriptor(data="e30=")
    made.image("image", layers=[made.layer().descriptor(data="AA==")], config=inline, artifactType=SBOM)
    made.artifact("artifact", config=inline, layers=[inline])


def non_distributable_layers(made: DataSet) -> None:
    """Named, with an address elsewhere or without, and never pushed."""
    here = made.layer("here").descriptor()
    for number, media_type in enumerate((NON_DISTRIBUTABLE, f"{TAR}+gzip", FOREIGN)):
        away = made.layer(f"away{number}", media_type=media_type, pushed=False).descriptor
        more = [away()] if number != 1 else []
        made.image(f"away-{number}", layers=[away(urls=["https://example.com/layer"]), here, *more])


def custom_fields(made: DataSet) -> None:
    own: Any = {
        "org.example.own": {"a": [1, -2.5, None, True, {"b": "c"}]},
        "ownList": [[], {}],
        "ownNull": None,
    }
    image = made.image("image", label="own", **own)
    layers = [{**made.layer("own").descriptor(), **own, "platform": {"os": "own"}}]
    made.image("descriptor", layers=layers, **own)
    made.index([], "index", manifests=[image.descriptor(platform={"os": "own", "own": 1}, **own)], **own)


def no_layers(made: DataSet) -> None:
    """An empty list, the null a Go program writes for it, and nothing."""
    for tag, layers in (("empty", []), ("null", None), ("absent", ABSENT)):
        made.image(tag, layers=layers)


def artifact_without_layers(made: DataSet) -> None:
    """An empty blob stands for the layers; or there are none."""
    empty = made.blob(b"{}", EMPTY).descriptor()
    for tag, layers in (("stand-in", [empty]), ("empty", []), ("null", None), ("absent", ABSENT)):
        made.artifact(tag, layers=layers)


def sparse(made: DataSet) -> None:
    """Nothing, a part or all of what is named is there."""
    here, away = made.image(label="amd64"), made.image(label="arm64", pushed=False)
    made.index([here, away], "part")
    made.index([away], "nothing", subject=here.descriptor())
    layer = made.layer("here").descriptor()
    made.image("image", layers=[layer, made.layer("away", pushed=False).descriptor()])


def mixed_algorithms(made: DataSet) -> None:
    """A sha256 index of sha512 images, whose referrers use either."""
    longer = DataSet(f"{made.title} sha512", "sha512")
    children = [longer.image("child", label=label) for label in ("amd64", "arm64")]
    made.blobs += longer.blobs
    made.manifests += longer.manifests
    made.tags["child"] = children[0]
    made.index(children, "index")
    made.artifact("about-sha512", subject=children[0].descriptor())
    signature = longer.artifact("long", subject=made.manifests[-2].descriptor(), artifactType=SIGNATURE)
    made.blobs += [blob for blob in longer.blobs if blob not in made.blobs]
    made.manifests.append(signature)
    made.tags["long"] = signature


def docker_image(made: DataSet) -> None:
    config, layer = made.blob(b'{"docker":1}', DOCKER_CONFIG), made.layer(media_type=DOCKER_LAYER)
    fields = {"config": config.descriptor(), "layers": [layer.descriptor()]}
    image = made.manifest(DOCKER_MANIFEST, fields, "latest")
    made.manifest(DOCKER_LIST, {"manifests": [image.descriptor()]}, "list")


def many_tags(made: DataSet) -> None:
    """A dozen tags, half of them as long as tags get, come with each of two pushes by digest."""
    made.by_parameter = True
    for label in ("amd64", "arm64"):
        tags = [f"{label}-{number}" for number in range(6)]
        made.image(*tags, *(tag + "x" * (128 - len(tag)) for tag in tags), label=label)


def each_algorithm(made: DataSet) -> None:
    """All that a set in this algorithm may have."""
    made.platforms("index")
    made.artifact("artifact", subject=made.manifests[0].descriptor(), annotations={"a": "b"})
    made.index([], "about-artifact", subject=made.manifests[-1].descriptor())


def enough(entry: Callable[[int], Any], size: int = LARGE) -> list[Any]:
    """As many entries as so many bytes of a JSON list hold."""
    total = 0

    def fits(value: Any) -> bool:
        nonlocal total
        total += len(compact(value)) + 1
        return total < size

    return list(takewhile(fits, map(entry, count())))


def members(value: str, size: int = LARGE) -> dict[str, str]:
    """An object with as many members as so many bytes hold."""
    each = len(compact({f"{0:05x}": value})) - 1
    return {f"{number:05x}": value for number in range(size // each)}


LARGE_FIELDS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "one annotation": lambda _: {"annotations": {"org.example.large": "x" * LARGE}},
    "small annotations": lambda _: {"annotations": members("")},
    "own members": lambda _: {"own": members("v")},
    "own list": lambda _: {"own": enough(lambda n: [n, {}])},
    "data": lambda layer: {"layers": [layer | {"data": "A" * LARGE}]},
    "layers": lambda layer: {"layers": enough(lambda _: layer)},
    "layers away": lambda layer: {
        "layers": enough(lambda n: layer | {"digest": digest_of(b"%d" % n), "urls": ["https://example.com/"]})
    },
    "annotations of layers": lambda layer: {
        "layers": enough(lambda n: layer | {"annotations": members("v", 20_000)})
    },
}
"""Each makes a manifest of about 3.9 MB from a layer that is there."""


def large_manifest(made: DataSet, fields: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    made.image("latest", **fields(made.layer().descriptor()))


def large_referrers(made: DataSet) -> None:
    """Two fill more than one page of the list of referrers; both are as long in it as they are."""
    subject = made.image().descriptor()
    made.artifact("latest", subject=subject, annotations=members("", LARGE // 2))
    made.index([], "index", subject=subject, annotations={"org.example.large": '"' * (LARGE // 4)})


def large_index(made: DataSet) -> None:
    child = made.image().descriptor()
    made.index([], "index", manifests=enough(lambda n: child | {"platform": {"os": f"{n}"}}))


Build = Callable[[DataSet], object]

BUILDS: dict[str, Build] = {
    "image": lambda made: made.image("latest"),
    "image-uncompressed": image_uncompressed,
    **{f"large-manifest {name}": partial(large_manifest, fields=made) for name, made in LARGE_FIELDS.items()},
    "large-manifest index": large_index,
    "large-manifest referrers": large_referrers,
    "index": lambda made: made.platforms("index"),
    "nested-index": nested_index,
    "empty-index": lambda made: [made.index([], "index"), made.index([], "null", manifests=None)],
    "artifact": lambda made: made.artifact("latest"),
    "artifact-index": lambda made: made.index([made.artifact(), made.artifact()], "index", artifactType=SBOM),
    "artifact-without-layers": artifact_without_layers,
    "artifacts-with-subject": artifacts_with_subject,
    "index-with-subject": index_with_subject,
    "missing-subject": missing_subject,
    "subject-comes-last": subject_comes_last,
    "data-field": data_field,
    "non-distributable-layers": non_distributable_layers,
    "custom-fields": custom_fields,
    "no-layers": no_layers,
    "docker-image": docker_image,
    "mixed-algorithms": mixed_algorithms,
    "tag-param-sha256": many_tags,
}

SHA512_BUILDS: dict[str, Build] = {
    "sha512": each_algorithm,
    "artifacts-with-subject-sha512": artifacts_with_subject,
    "missing-subject-sha512": missing_subject,
    "tag-param-sha512": many_tags,
}


DATA_SETS = (*BUILDS, *SHA512_BUILDS)
"""Every set that any registry must take."""


@cache
def data_set(title: str) -> DataSet:
    """Made when it is asked for: the large ones take seconds."""
    if title in SHA512_BUILDS:
        made, build = DataSet(title, "sha512"), SHA512_BUILDS[title]
    else:
        made, build = DataSet(title), BUILDS[title]
    build(made)
    return made


@cache
def sparse_set() -> DataSet:
    made = DataSet("sparse")
    sparse(made)
    return made
