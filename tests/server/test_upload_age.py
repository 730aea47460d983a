"""When unfinished uploads end: after a time without bytes, whatever else is in the way."""

from __future__ import annotations

from pathlib import Path

from .api import Api
from .conftest import FreshRegistry
from .images import MIB, noise
from .programs import wait_until
from .registry import Registry
from .test_limits import begin_upload
from .test_settings import config_of


def purging(age: str) -> str:
    """A configuration that looks for uploads without new bytes every second."""
    settings = {"enabled": True, "age": age, "interval": "1s"}
    return config_of(storage={"filesystem": {}, "maintenance": {"uploadpurging": settings}})


def is_gone(api: Api, location: str) -> bool:
    return api("GET", location).status == 404


def test_the_age_is_the_time_since_the_last_byte(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(purging("6s")).connect() as api:
        fed = begin_upload(api, "fed")
        idle = begin_upload(api, "idle")
        for count in range(1, 1_000_000):
            sent = api("PATCH", fed, b"x")
            assert sent.status == 202, f"{count} bytes: {sent}"
            fed = sent["Location"]
            if is_gone(api, idle):
                break
        assert api("GET", fed)["Range"] == f"0-{4 + count}", "the older one goes on"


def files_of(registry: Registry, location: str) -> list[Path]:
    """Where the bytes of an upload are: in a file named by the id that its URL begins with."""
    return list((registry.root / "ocilot/uploads").glob(f"*/{location.rpartition('/')[2][:36]}"))


def test_an_upload_that_cannot_be_removed_stops_no_other(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(purging("1h"))
    with registry.connect() as api:
        (broken,) = files_of(registry, begin_upload(api, "broken"))
        others = [begin_upload(api, f"other{number}") for number in range(3)]
    registry.stop()
    broken.unlink()
    (broken / "something").mkdir(parents=True)  # Is neither opened nor unlinked.
    registry.config.write_text(purging("1s"))
    registry.start()
    with registry.connect() as api:
        wait_until(lambda: all(is_gone(api, location) for location in others), "the end of the others")
    assert [files_of(registry, location) for location in others] == [[], [], []]
    assert broken.is_dir()
    registry.wait_for_line("upload not expired")


def read_by(registry: Registry) -> int:
    """Bytes that the process has read from anywhere."""
    lines = Path(f"/proc/{registry.process.pid}/io").read_text().splitlines()
    return int(next(line.removeprefix("rchar: ") for line in lines if line.startswith("rchar: ")))


def test_what_an_earlier_process_left_ends_without_being_read(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(purging("1h"))
    with registry.connect() as api:
        location = api("PATCH", api.start_upload("large"), noise(64 * MIB, "large"))["Location"]
        (file,) = files_of(registry, location)
    registry.kill()
    registry.config.write_text(purging("1s"))
    registry.start()
    wait_until(lambda: not file.exists(), "the end of the upload")
    assert read_by(registry) < 48 * MIB
