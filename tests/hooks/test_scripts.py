"""The scripts that come with ocilot keep what they promise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ocilot.hooks import Caller, Deny, Referrer, check_password
from ocilot.hooks.problem import Problem
from ocilot.hooks.testing import Harness, a_blob, a_deletion, a_login, a_push, a_tag_move

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
SIGNATURE_OF_ONE = "sha256-" + "1" * 64 + ".sig"


def reason(answer: Any) -> str:
    assert isinstance(answer, Deny), answer
    return answer.reason


# immutable_releases


def test_a_release_is_not_moved() -> None:
    hook = Harness("ocilot:immutable_releases")
    assert reason(hook.admit(a_tag_move(tag="v1.2.3", digest=TWO, previous=ONE))) == (
        "tag v1.2.3 is a release and cannot be moved: push the image under a new tag"
    )


def test_a_release_is_made_and_made_again_with_the_same_content() -> None:
    hook = Harness("ocilot:immutable_releases")
    assert hook.admit(a_tag_move(tag="v1.2.3", digest=ONE)) is None
    assert hook.admit(a_tag_move(tag="v1.2.3", digest=ONE, previous=ONE)) is None


@pytest.mark.parametrize("tag", ["latest", "version", "V1", "x-v1"])
def test_what_is_no_release_moves_and_goes(tag: str) -> None:
    hook = Harness("ocilot:immutable_releases")
    assert hook.admit(a_tag_move(tag=tag, digest=TWO, previous=ONE)) is None
    assert hook.admit(a_deletion(reference=tag)) is None


def test_a_release_is_not_deleted() -> None:
    hook = Harness("ocilot:immutable_releases")
    assert reason(hook.admit(a_deletion(reference="v1"))) == (
        "tag v1 is a release: neither it nor content that it needs can be deleted"
    )
    for deletion in (
        a_deletion(reference=ONE, tags=["a", "v1"]),
        a_deletion(reference=TWO, kind="blob", tags=["v1"]),
    ):
        assert (
            reason(hook.admit(deletion))
            == "tag v1 is a release: neither it nor content that it needs can be deleted"
        )
    assert hook.admit(a_deletion(reference=ONE, tags=["latest"])) is None
    assert hook.admit(a_deletion(reference=TWO, kind="blob")) is None


def test_what_a_release_is_called_is_an_option() -> None:
    hook = Harness("ocilot:immutable_releases", pattern="stable-*")
    assert hook.admit(a_tag_move(tag="v1", digest=TWO, previous=ONE)) is None
    assert hook.admit(a_tag_move(tag="stable-1", digest=TWO, previous=ONE)) is not None


# signed_only


def test_what_nobody_signed_gets_no_tag() -> None:
    hook = Harness("ocilot:signed_only")
    answer = hook.admit(a_tag_move(tag="v1", digest=ONE, referrers=["application/spdx+json"]))
    assert reason(answer) == f"{ONE} is not signed: sign it, then set the tag v1"


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.cncf.notary.signature",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
    ],
)
def test_a_signature_that_refers_to_the_image_lets_it_pass(kind: str) -> None:
    hook = Harness("ocilot:signed_only")
    referrers = [Referrer(TWO, "application/spdx+json"), Referrer(TWO, kind)]
    assert hook.admit(a_tag_move(tag="v1", digest=ONE, referrers=referrers)) is None


def test_cosigns_tag_counts_for_its_own_image_only() -> None:
    hook = Harness("ocilot:signed_only")
    assert hook.admit(a_tag_move(tag="v1", digest=ONE, sibling_tags=[SIGNATURE_OF_ONE])) is None
    assert hook.admit(a_tag_move(tag="v1", digest=TWO, sibling_tags=[SIGNATURE_OF_ONE])) is not None
    other = [SIGNATURE_OF_ONE.replace(".sig", ".sbom"), SIGNATURE_OF_ONE.removesuffix(".sig")]
    assert hook.admit(a_tag_move(tag="v1", digest=ONE, sibling_tags=other)) is not None


@pytest.mark.parametrize("end", ["", ".sig", ".att", ".sbom"])
def test_the_tags_of_signatures_are_free(end: str) -> None:
    hook = Harness("ocilot:signed_only")
    assert hook.admit(a_tag_move(tag="sha256-" + "1" * 64 + end, digest=TWO)) is None


def test_a_tag_that_only_looks_like_a_signature_is_not_free() -> None:
    hook = Harness("ocilot:signed_only")
    assert hook.admit(a_tag_move(tag="sha256-1.sig")) is not None
    assert hook.admit(a_tag_move(tag=SIGNATURE_OF_ONE + "-v1")) is not None


def test_staging_tags_stay_free() -> None:
    hook = Harness("ocilot:signed_only", tags="v*")
    assert hook.admit(a_tag_move(tag="staging")) is None
    assert hook.admit(a_tag_move(tag="v1")) is not None


def test_only_the_kinds_of_signature_that_are_listed_count() -> None:
    hook = Harness("ocilot:signed_only", signatures=["application/vnd.cncf.notary.signature"])
    referrers = ["application/vnd.dev.sigstore.bundle.v0.3+json"]
    assert hook.admit(a_tag_move(tag="v1", referrers=referrers)) is not None


# size_limit


def test_a_blob_is_as_large_as_it_may_be_and_no_larger() -> None:
    hook = Harness("ocilot:size_limit", blob="10MiB")
    assert hook.admit(a_blob(size=10 << 20)) is None
    answer = hook.admit(a_blob(size=(10 << 20) + 1))
    assert reason(answer) == "the blob has 10.49 MB, the limit is 10.49 MB"


def test_the_layers_of_an_image_are_added_up() -> None:
    hook = Harness("ocilot:size_limit", image=3000)
    assert hook.admit(a_push(layers=[1000, 2000])) is None
    assert "together" in reason(hook.admit(a_push(layers=[1000, 2001])))


def test_there_are_limits_without_options() -> None:
    hook = Harness("ocilot:size_limit")
    assert hook.admit(a_blob(size=5 * 10**9)) is None
    assert hook.admit(a_blob(size=5 * 10**9 + 1)) is not None
    assert reason(hook.admit(a_push(layers=[6 * 10**9, 6 * 10**9]))) == (
        "the layers have 12.00 GB together, the limit is 10.00 GB"
    )


# required_labels

WANTED = {"org.opencontainers.image.source": "https://git.example.com/*", "maintainer": "?*"}
GIVEN = {"org.opencontainers.image.source": "https://git.example.com/app", "maintainer": "alice"}


def test_an_image_with_the_labels_passes() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(labels=GIVEN)) is None


def test_a_label_that_is_missing_is_named() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    answer = hook.admit(a_push(labels={**GIVEN, "maintainer": ""}))
    assert reason(answer) == "invalid value '' of label maintainer: expected '?*'"
    del (few := dict(GIVEN))["maintainer"]
    answer = hook.admit(a_push(labels=few))
    assert reason(answer) == "the image has no label maintainer: add LABEL maintainer=... to its Dockerfile"


def test_a_label_with_another_value_is_refused() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    source = {"org.opencontainers.image.source": "https://evil.example.com/?https://git.example.com/"}
    assert "invalid value" in reason(hook.admit(a_push(labels={**GIVEN, **source})))


def test_annotations_are_labels_too_but_a_label_counts_first() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(annotations=GIVEN)) is None
    assert hook.admit(a_push(annotations=GIVEN, labels={"maintainer": ""})) is not None


def test_an_image_without_a_readable_configuration_has_no_labels() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(config={})) is not None
    assert hook.admit(a_push(config={"config": {"Labels": None}})) is not None


STATEMENTS = ["application/vnd.in-toto+json", "application/vnd.dev.cosign.simplesigning.v1+json"]


@pytest.mark.parametrize("kind", STATEMENTS)
def test_signatures_and_attestations_need_no_labels(kind: str) -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(layers=[{"mediaType": kind}])) is None


def test_an_index_and_a_chart_need_no_labels() -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(manifest={"schemaVersion": 2, "manifests": []})) is None
    chart = {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": ONE, "size": 2},
        "layers": [
            {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": TWO, "size": 2}
        ],
    }
    assert hook.admit(a_push(manifest=chart)) is None


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.anything",
        "application/VND.oci.image.layer.v1.tar+zstd",
        "application/octet-stream",
    ],
)
def test_no_media_type_makes_an_image_that_runs_something_else(kind: str) -> None:
    hook = Harness("ocilot:required_labels", labels=WANTED)
    assert hook.admit(a_push(layers=[{"mediaType": kind}])) is not None
    assert hook.admit(a_push(layers=[{"mediaType": kind}, {"mediaType": STATEMENTS[0]}])) is not None


# allowed_bases

BASES = {"debian:12": ["sha256:a", "sha256:b"], "static": ["sha256:c"]}


def built_on(*diff_ids: str, layers: int | None = None) -> Any:
    config = {"rootfs": {"type": "layers", "diff_ids": list(diff_ids)}}
    return a_push(config=config, layers=[1000] * (len(diff_ids) if layers is None else layers))


def test_an_image_on_an_allowed_base_passes() -> None:
    hook = Harness("ocilot:allowed_bases", bases=BASES)
    assert hook.admit(built_on("sha256:a", "sha256:b", "sha256:x")) is None
    assert hook.admit(built_on("sha256:c")) is None


def test_an_image_on_anything_else_is_refused() -> None:
    hook = Harness("ocilot:allowed_bases", bases=BASES)
    answer = hook.admit(built_on("sha256:a", "sha256:x", "sha256:b"))
    assert reason(answer) == "the image is not built on an allowed base: debian:12, static"
    assert hook.admit(built_on("sha256:a")) is not None
    assert hook.admit(built_on("sha256:x", "sha256:c")) is not None


def test_the_annotations_of_a_base_are_only_a_word() -> None:
    hook = Harness("ocilot:allowed_bases", bases=BASES)
    annotations = {"org.opencontainers.image.base.name": "debian:12"}
    assert hook.admit(a_push(annotations=annotations)) is not None


def test_an_image_that_does_not_list_its_layers_is_refused() -> None:
    hook = Harness("ocilot:allowed_bases", bases=BASES)
    assert hook.admit(built_on("sha256:c", layers=2)) is not None
    lies: list[dict[str, Any]] = [{}, {"rootfs": []}, {"rootfs": {"diff_ids": "sha256:c"}}]
    for config in lies:
        assert "does not list all layers" in reason(hook.admit(a_push(config=config)))


def test_a_base_without_layers_would_allow_everything_and_is_refused() -> None:
    with pytest.raises(Problem, match="base scratch has no layers"):
        Harness("ocilot:allowed_bases", bases={"scratch": []})


# htpasswd

BCRYPT = "$2b$04$abcdefghijklmnopqrstuujZkTwHUiJ9XdZPwKfcfDo7dMp5DjlTu"  # wonderland
SHA512 = "$6$saltsalt$AMApe3UxKRHFGgpM1NDN5e0tMZ6laQYyoi896lWiBlxd7Nwbszp8z77oH.h4MAG5Y14p5yLYfTD/sjuLtHEDG/"
MD5 = "$1$saltsalt$UzNIH/VHF6mU.csLuB5VQ1"
WRONG = Deny("wrong user name or password")


def users(directory: Path, *lines: str) -> Path:
    """An htpasswd file; it replaces the one before, as editors do."""
    fresh = directory / "fresh"
    fresh.write_text("\n".join(lines) + "\n")
    return fresh.rename(directory / "htpasswd")


def test_passwords_are_compared_with_their_hashes() -> None:
    assert check_password("wonderland", BCRYPT)
    assert check_password("wonderland", BCRYPT.replace("$2b$", "$2y$"))
    assert check_password("builder", SHA512)
    assert not check_password("wonderland!", BCRYPT)
    assert not check_password("plain", MD5)
    assert not check_password("", "")


def test_people_in_the_file_log_in(tmp_path: Path) -> None:
    file = users(tmp_path, "# the team", f"alice:{BCRYPT}", "", f"bob:{SHA512}", f"eve:{MD5}")
    hook = Harness("ocilot:htpasswd", file=file, groups=["team"])
    assert hook.authenticate(a_login("alice", "wonderland")) == Caller("alice", ["team"])
    assert hook.authenticate(a_login("bob", "builder")) == Caller("bob", ["team"])
    assert hook.authenticate(a_login("alice", "builder")) == WRONG
    assert hook.authenticate(a_login("eve", "plain")) == WRONG


def test_an_htpasswd_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    hook = Harness("ocilot:htpasswd", file=users(tmp_path, f"\ufeffalice:{BCRYPT}"))
    assert hook.authenticate(a_login("alice", "wonderland")) == Caller("alice")


def test_whoever_is_not_in_the_file_is_left_to_others(tmp_path: Path) -> None:
    hook = Harness("ocilot:htpasswd", file=users(tmp_path, f"alice:{BCRYPT}", f"#bob:{SHA512}"))
    for name in ("bob", "#bob", "", "Alice"):
        assert hook.authenticate(a_login(name, "wonderland")) is None
    assert Harness("ocilot:htpasswd", file=users(tmp_path, "")).authenticate(a_login()) is None


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    hook = Harness("ocilot:htpasswd", file=users(tmp_path, f"alice:{BCRYPT}"))
    assert hook.authenticate(a_login("alice", "wonderland")) == Caller("alice")
    before = (tmp_path / "htpasswd").stat()
    file = users(tmp_path, f"carl:{BCRYPT}".ljust(before.st_size - 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert hook.authenticate(a_login("alice", "wonderland")) is None
    users(tmp_path, f"alice:{SHA512}")
    assert hook.authenticate(a_login("alice", "wonderland")) == WRONG
    assert hook.authenticate(a_login("alice", "builder")) == Caller("alice")


def test_a_file_that_is_not_there_is_no_open_door(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Harness("ocilot:htpasswd", file=tmp_path / "none")
    hook = Harness("ocilot:htpasswd", file=users(tmp_path, f"alice:{BCRYPT}"))
    (tmp_path / "htpasswd").unlink()
    with pytest.raises(FileNotFoundError):
        hook.authenticate(a_login("alice", "wonderland"))
