"""The table of workloads. The numbers are those by which the issues and docs/performance.md speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

ACCEPT = (
    "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass(frozen=True)
class Published:
    """What distribution v3.1.1 did on the machine of the baselines: a figure, not measured here."""

    rate: float | None = None
    """Requests a second."""
    mb_s: float | None = None
    cpu_us: float | None = None
    rss_mb: float | None = None


@dataclass(frozen=True)
class Workload:
    """One line of the table. `run` names the function of runs.py that measures it."""

    name: str
    number: int
    what: str
    store: str = ""
    """Where the data is; empty: a new, empty registry."""
    run: str = "load"
    load: str = "get"
    """The load generator's workload."""
    targets: str = ""
    distribution: str = "uniform"
    connections: int = 32
    size: int = 0
    requests: int = 0
    """How many to send in a full run; 0: as many as fit into the time."""
    needs: str = ""
    """What a server must have beyond GET and HEAD."""
    tls: bool = False
    cold: bool = False
    repository: str = ""
    """Where it writes; undone afterwards if the store is kept."""
    part: float = 0.0
    """For an open loop: the share of what the server can take at most."""
    hook: str = ""
    """The script of tests/bench/hooks that is asked."""
    login: bool = False
    """Whether only an account may pull."""
    settings: str = ""
    """JSON: the section `ocilot` of the configuration."""
    all_cores: bool = False
    """Whether the server gets the client's core, too: for work beside requests that come at a modest pace."""
    once: bool = False
    """Measured in one round, as it makes its own store, which takes minutes."""
    only: frozenset[str] = frozenset()
    """The servers that are measured, if not all."""
    published: Published = field(default_factory=Published)


KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
OURS = frozenset({"ocilot"})
PUSHED = "bench/pushed"


def _small_reads() -> list[Workload]:
    one = Workload("", 2, "", "main", targets="app-tag")
    zipf = replace(one, targets="app-tags", distribution="zipf")
    tag = "manifest by tag"
    got, asked = Published(2_357, cpu_us=420), Published(2_541, cpu_us=391)
    answered, read = Published(7_393, cpu_us=133), Published(380, cpu_us=2_580)
    return [
        replace(one, name="v2", number=1, what="GET /v2/", targets="v2", published=answered),
        replace(one, name="manifest-hot", what=f"GET {tag}, one", published=got),
        replace(zipf, name="manifest-zipf", what=f"GET {tag}, Zipf over 10 000", published=got),
        replace(
            zipf, name="manifest-token", what=f"GET {tag}, Zipf, with a token", run="token", login=True,
            only=OURS
        ),
        replace(
            zipf, name="manifest-head", number=3, what=f"HEAD {tag}, Zipf", load="head", published=asked
        ),
        replace(
            one, name="blob-4k", number=4, what="GET 4 KiB blob out of 100 000", targets="blobs-blobs",
            published=read
        ),
        replace(
            one, name="blob-4k-cold", number=4, what="GET 4 KiB blob, cold", targets="blobs-blobs",
            distribution="file", requests=20_000, cold=True
        ),
    ]  # fmt: skip


def _large_reads() -> list[Workload]:
    large = Workload("", 6, "", "large", targets="1g-blobs", connections=1)
    return [
        replace(
            large, name="blob-1m", number=5, what="GET 1 MiB blob, 8 clients", targets="1m-blobs",
            connections=8, published=Published(325, 325, 3_020)
        ),
        replace(
            large, name="blob-1g", what="GET 1 GiB blob, 1 client", requests=5,
            published=Published(mb_s=1_040, cpu_us=665_000)
        ),
        replace(large, name="blob-1g-cold", what="GET 1 GiB blob, cold", requests=1, cold=True),
        replace(
            large, name="stall", what="GET manifest while 1 GiB is read cold", run="stall",
            targets="app-tags", connections=8
        ),
        replace(
            large, name="streams", number=7, what="GET 100 MiB blob, 64 clients", load="streams",
            targets="100m-blobs", connections=64, requests=128,
            published=Published(mb_s=1_230, rss_mb=527)
        ),
    ]  # fmt: skip


def _writes() -> list[Workload]:
    push = Workload("", 8, "", load="push", connections=8, size=4 * KIB, needs="push", repository=PUSHED)
    return [
        replace(
            push, name="push-4k", what="push 4 KiB blob (POST, PUT), 8 clients",
            published=Published(259, cpu_us=2_570)
        ),
        replace(
            push, name="push-4k-monolithic", what="push 4 KiB blob (one POST), 8 clients",
            load="push-monolithic", needs="monolithic"
        ),
        replace(
            push, name="push-1m", number=9, what="push 1 MiB blob, 8 clients", size=MIB,
            published=Published(185, 194)
        ),
        replace(
            push, name="push-1g", number=10, what="push 1 GiB blob, 1 client", load="push-big",
            connections=1, size=GIB, requests=2, published=Published(mb_s=388, cpu_us=2_190_000)
        ),
        replace(
            push, name="mount", number=11, what="mount a 4 KiB blob from another repository", store="main",
            load="mount", size=0, targets="blobs-mounts", distribution="file", connections=16,
            repository="bench/mounted", published=Published(1_306, cpu_us=500)
        ),
    ]  # fmt: skip


def _lists() -> list[Workload]:
    page = Workload("", 12, "", "lists", connections=4, needs="lists")
    referrers = replace(page, number=14, needs="referrers")
    return [
        replace(
            page, name="tags", what="1 000 tags of 100 000, from anywhere", targets="tag-pages",
            published=Published(6.7)
        ),
        replace(
            page, name="catalog", number=13, what="1 000 repositories of 100 000, from anywhere",
            targets="catalog-pages", published=Published(38)
        ),
        replace(
            referrers, name="referrers", what="10 referrers of one of 10 000 subjects", targets="referrers",
            connections=32
        ),
        replace(
            referrers, name="referrers-5000", what="first page of 5 000 referrers of one subject",
            targets="referrers-most"
        ),
    ]  # fmt: skip


def _others() -> list[Workload]:
    idle = Workload("idle", 17, "memory when idle", "main", run="idle", load="idle", connections=0)
    mix = Workload(
        "", 19, "", "mix", run="mix", load="mix", needs="push", repository="bench/written"
    )  # fmt: skip
    return [
        Workload(
            "start", 15, "start to first manifest, 1 000 000 blobs, 100 000 tags", "million", run="start",
            targets="app-tags"
        ),
        idle,
        # Where 20 000 files may be open, ocilot takes 9 936 connections: each may need a second file.
        replace(
            idle, name="idle-9900", what="memory with 9 900 idle connections", connections=9_900
        ),
        *(
            replace(mix, name=f"mix-{part}", what=f"production mix at {part} % of its most", part=part / 100)
            for part in (30, 60, 90)
        ),
        Workload(
            "tls-manifest", 21, "TLS: GET manifest by tag, Zipf", "main", targets="app-tags",
            distribution="zipf", tls=True
        ),
        Workload(
            "tls-1g", 21, "TLS: GET 1 GiB blob, 1 client", "large", targets="1g-blobs", connections=1,
            requests=3, tls=True
        ),
    ]  # fmt: skip


def _hooks() -> list[Workload]:
    """A script decides who may do what."""
    zipf = Workload(
        "", 20, "", "main", targets="app-tags", distribution="zipf", hook="allow.py", only=OURS
    )  # fmt: skip
    return [
        replace(zipf, name="hook-cached", what="GET manifest by tag, Zipf, a hook has allowed it"),
        replace(
            zipf, name="hook-slow", what="the same while another repository's hook takes a second",
            run="slow", hook="slow.py"
        ),
        replace(
            zipf, name="hook-uncached", what="questions to a hook, one thread answers", run="hooks",
            store="", targets=""
        ),
    ]  # fmt: skip


POLICIES = (
    '{"retention": {"policies": [{"name": "all", "repositories": ["bench/app"], '
    '"keep": [{"tags": "v*", "newest": 1000}], "delete": [{"tags": "*", "everything": true}]}]}}'
)
"""Each tag is compared, and nearly all are planned to go."""


def _upkeep() -> list[Workload]:
    """What runs beside requests; --blobs and --tags say over how much."""
    own = Workload("", 16, "", connections=8, needs="lists", only=OURS, once=True)
    return [
        replace(
            own, name="collect", what="collect half of 1 000 000 blobs while manifests are pulled",
            run="collect", targets="app-tags", all_cores=True, settings='{"gc": {"enabled": false}}'
        ),
        replace(
            own, name="collect-unlimited", what="collect half of 1 000 000 blobs as fast as it can",
            run="collect", targets="app-tags", all_cores=True,
            settings='{"gc": {"enabled": false, "rate": 0}}'
        ),
        replace(
            own, name="plan", what="plan of retention over 100 000 tags while blobs are pushed", run="plan",
            load="push", size=4 * KIB, repository=PUSHED, settings=POLICIES, all_cores=True
        ),
        replace(
            own, name="tag-pages", number=12, what="100 tags of 100 000, sorted by the server",
            run="tag-pages", connections=0
        ),
    ]  # fmt: skip


def _clients() -> list[Workload]:
    """What others do to the same registries; the figures are those of the clients."""
    return [
        Workload(
            "copy", 24, "copy a 1 GiB image from registry to registry", run="copies", size=GIB, only=OURS
        )
    ]  # fmt: skip


def _webhooks() -> list[Workload]:
    """Receivers of events; `push-4k` is the same without."""
    push = Workload(
        "", 23, "", load="push", connections=8, size=4 * KIB, needs="push", repository=PUSHED, only=OURS
    )  # fmt: skip
    return [
        replace(
            push, name="webhook-push", what="push 4 KiB blob, 8 clients, a webhook gets each", run="webhook"
        ),
        Workload(
            "webhook-deliver", 23, "100 000 events to a webhook, 500 in a request", run="delivery", only=OURS
        ),
    ]  # fmt: skip


GROWN = {"small": "1 000", "main": "100 000", "million": "1 000 000"}
"""Stores by their number of blobs."""


def _growth() -> list[Workload]:
    """The cost must not grow with the store: the same at three sizes."""
    same = Workload("", 1, "", targets="app-tags", only=OURS)
    zipf = replace(same, number=2, distribution="zipf")
    push = replace(
        same, number=8, load="push", targets="", connections=8, size=4 * KIB, needs="push", repository=PUSHED
    )
    kinds = {
        "v2": replace(same, what="GET /v2/", targets="v2"),
        "manifest": replace(zipf, what="GET manifest by tag"),
        "head": replace(zipf, what="HEAD manifest by tag", load="head", number=3),
        "blob": replace(same, what="GET one of 1 000 4 KiB blobs", targets="blobs-first", number=4),
        "push": replace(push, what="push 4 KiB blob, 8 clients"),
    }
    return [
        replace(work, name=f"grow-{kind}-{store}", what=f"{work.what}, {blobs} in the store", store=store)
        for kind, work in kinds.items()
        for store, blobs in GROWN.items()
    ]


WORKLOADS: Mapping[str, Workload] = {
    workload.name: workload
    for workload in (
        *_small_reads(),
        *_large_reads(),
        *_writes(),
        *_lists(),
        *_others(),
        *_hooks(),
        *_upkeep(),
        *_webhooks(),
        *_clients(),
        *_growth(),
    )
}

NOT_YET = {
    18: "pull-through of one cold blob by 64 clients",
    22: "storage of ten versions of an image",
}
"""Workloads of the plan for which the registry has nothing to measure yet."""


class UnknownWorkload(Exception):
    """A name that is not in the table."""


def chosen(names: list[str]) -> list[Workload]:
    """Those that are asked for, by name or by the beginning of a group's name; all if none is."""
    if not names:
        return list(WORKLOADS.values())
    picked: dict[str, Workload] = {}
    for name in names:
        found = {name: WORKLOADS[name]} if name in WORKLOADS else _group(name)
        if not found:
            raise UnknownWorkload(f"There is no workload {name}; there are {', '.join(WORKLOADS)}.")
        picked |= found
    return list(picked.values())


def _group(name: str) -> dict[str, Workload]:
    return {key: workload for key, workload in WORKLOADS.items() if key.startswith(f"{name}-")}
