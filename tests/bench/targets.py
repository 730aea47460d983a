"""Lists of what to ask for that do not follow from one repository alone."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

from .content import MIX_EDGE, MIX_LARGE, MIX_SMALL, SUBJECTS, mix_sizes, subject
from .data import Store

PAGES = 1_000


def write(store: Store, name: str, lines: list[str]) -> None:
    store.target(name).write_text("\n".join(lines) + "\n")


def head(store: Store, name: str, count: int) -> list[str]:
    path = store.target(name)
    if not path.exists():
        return []
    with path.open() as file:
        return [line.rstrip("\n") for line in islice(file, count)]


def write_all(store: Store, model: Path) -> None:
    """Every further list that a store can have, after it was filled."""
    draw = random.Random("pages")
    write(store, "v2", ["/v2/"])
    if tags := head(store, "app-tags", 1):
        write(store, "app-tag", tags)
    if blobs := head(store, "blobs-blobs", 1_000):
        write(store, "blobs-first", blobs)
    if store.target("tags-tags").exists():
        last = [draw.randrange(99_000) for _ in range(PAGES)]
        write(store, "tag-pages", [f"/v2/bench/tags/tags/list?n=1000&last=v{n:06}" for n in last])
    if store.root.name == "lists":
        last = [draw.randrange(99_000) for _ in range(PAGES)]
        write(store, "catalog-pages", [f"/v2/_catalog?n=1000&last=many/r{n:06}" for n in last])
        paths = [f"/v2/bench/referrers/referrers/{subject(n).digest}" for n in range(SUBJECTS + 1)]
        write(store, "referrers-most", paths[:1])
        write(store, "referrers", paths[1:])
    if store.target("mix-digests").exists():
        write_mix(store, model)


def write_mix(store: Store, model: Path) -> None:
    """Paths in an order without meaning, so that popularity and size are independent, as observed.
    Small blobs are named once; the few large ones often enough to get their share of the requests."""
    digests = head(store, "mix-digests", MIX_SMALL + MIX_LARGE)
    smalls, larges = mix_sizes(model, MIX_SMALL, MIX_LARGE)
    lines = [f"/v2/bench/mix/blobs/{digest}" for digest in digests]
    small, large = lines[: len(smalls)], lines[len(smalls) :]
    wanted = round(len(small) * (1 - MIX_EDGE) / MIX_EDGE)
    together = small + [large[n % len(large)] for n in range(wanted)]
    assert len(larges) == len(large), "the store was made from another model"
    random.Random("order").shuffle(together)
    write(store, "mix-blobs-drawn", together)
