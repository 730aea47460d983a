"""What is acknowledged stays and all else goes, whatever happens at the same time; `./dev soak` looks for 10
minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from .conftest import FreshRegistry
from .kill_client import Key
from .kill_harness import memory_directory
from .soak.book import SoakBook
from .soak.content import Pool
from .soak.harness import Soak
from .soak.metadata import check_metadata
from .soak.retention import PREVIEWS, is_always_kept

NAME = "team/app"


def test_nothing_acknowledged_is_lost_and_nothing_else_is_left() -> None:
    with tempfile.TemporaryDirectory(prefix="ocilot-soak-", dir=memory_directory()) as home:
        soak = Soak(Path(home), seed=7, between_kills=(15, 30))
        soak.run(rounds=2)
    assert (soak.count["kills"], soak.count["comparisons"]) == (2, 1)
    assert soak.operations >= 30
    assert soak.count["facts"] > 0


def test_the_comparison_sees_what_is_lost_and_what_is_left(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    pool = Pool("comparison")
    image, other = pool.images[:2]
    with registry.connect() as api:
        for blob in image.blobs:
            api.push_blob(NAME, blob.data)
        api.push_manifest(NAME, "1", image.content)
    registry.stop()
    database = registry.root / "ocilot" / "meta.sqlite"
    book = SoakBook(pool=pool)
    tag: Key = ("tag", NAME, "1")
    for digest, text in (
        (None, "lost: \\[\\]; left: .*" + image.digest),
        (other.digest, f"lost: .*{other.digest}.* left: .*{image.digest}"),
    ):
        book.facts[tag] = digest
        with pytest.raises(AssertionError, match=text):
            check_metadata(database, {NAME: book})


def test_the_book_doubts_a_referrer_whose_subject_was_untagged() -> None:
    pool = Pool("book")
    index = pool.indexes[0]
    child = index.children[0]
    referrer = pool.referrers[child.digest][0]
    book = SoakBook(pool=pool)
    tag: Key = ("tag", NAME, "1")
    attached: Key = ("manifest", NAME, referrer.digest)
    for key, value in ((tag, index.digest), (attached, referrer.digest)):
        book.attempt({key: value})
        book.acknowledge()
    assert book.needed(NAME).keys() == {one.digest for one in index.tree()} | {referrer.digest}
    book.attempt({tag: None})
    book.acknowledge()
    assert (book.needed(NAME), book.doubtful) == ({}, {attached})
    assert book.before_last_change(tag) == index.digest
    assert book.named_blobs(NAME) > {blob.digest for blob in child.blobs}, "perhaps not collected yet"


def test_the_book_doubts_a_preview_that_two_newer_ones_count_out() -> None:
    pool = Pool("book")
    ordinary = [image for image in pool.images if not is_always_kept(image)]
    book = SoakBook(pool=pool)
    tags: list[Key] = [("tag", NAME, preview) for preview in PREVIEWS]
    for tag, image in zip(tags[:3], [pool.images[0], *ordinary], strict=False):
        book.attempt({tag: image.digest})
        book.acknowledge()
    assert not book.previews.in_doubt, "the first has an annotation that keeps it"
    book.attempt({tags[3]: ordinary[2].digest})
    assert book.previews.in_doubt == {tags[1]: ordinary[0].digest}, "perhaps it was set, perhaps a plan came"
    book.settle(lambda _: None)
    book.settle_previews(NAME, lambda _: ordinary[0].digest)
    assert book.facts[tags[1]] == ordinary[0].digest, "it was not set, so that no plan may delete the other"
    book.attempt({tags[3]: ordinary[2].digest})
    book.acknowledge()
    book.settle_previews(NAME, lambda _: ordinary[0].digest)
    assert [*book.previews.in_doubt] == [tags[1]], "a plan may come later"
    book.settle_previews(NAME, lambda _: None)
    assert book.facts[tags[1]] is None
    assert all(book.facts[tags[number]] for number in (0, 2, 3))
