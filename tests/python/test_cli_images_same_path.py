"""Images of one archive that would get the same name."""

from __future__ import annotations

from tests.client.archive_files import TWO, legacy, tar_bytes

from .cli_place import Place


def test_two_images_of_one_path_are_not_pushed_over_each_other(fresh: Place) -> None:
    """E5: registries that differ are all that tells them apart."""
    packed = tar_bytes(legacy(TWO, ("one.example/app:1", "two.example/app:1")))
    (fresh.directory / "all.tar").write_bytes(packed)
    ran = fresh.run("push", "docker-archive:all.tar", f"{fresh.host}/same")
    assert ran.code != 0, "the second image replaced the first without a word"
