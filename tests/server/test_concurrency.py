"""Many at once: one wins, the others are told, nobody sees half of anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from .api import Answer, with_digest
from .images import Image, digest_of, make_image, noise
from .registry import Registry


def test_a_moving_tag_is_always_one_of_its_images(registry: Registry, name: str) -> None:
    images = [make_image(f"{name} {side}") for side in ("left", "right")]
    with registry.connect() as api:
        for image in images:
            api.push_image(name, image, "moving")

    def move() -> None:
        with registry.connect() as api:
            for image, _ in zip(cycle(images), range(50), strict=False):
                api.push_manifest(name, "moving", image.manifest)

    def look() -> set[str]:
        seen = set()
        with registry.connect() as api:
            for _ in range(300):
                answer = api("GET", f"/v2/{name}/manifests/moving")
                assert answer.status == 200, answer
                assert digest_of(answer.body) == answer["Docker-Content-Digest"]
                seen.add(answer["Docker-Content-Digest"])
        return seen

    with ThreadPoolExecutor() as pool:
        moves = [pool.submit(move) for _ in range(2)]
        looks = [pool.submit(look) for _ in range(2)]
        for done in moves:
            done.result()
        for seen in looks:
            assert seen.result() <= {image.digest for image in images}


def test_the_same_image_pushed_by_many_at_once(registry: Registry, name: str) -> None:
    image = make_image(name, layers=3, size=100_000)

    def push(number: int) -> None:
        with registry.connect() as api:
            api.push_image(f"{name}/{number % 2}", image, "1", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(push, range(8)))
    with registry.connect() as api:
        for part in ("0", "1"):
            assert len(api.tags(f"{name}/{part}")) == 5 - (part == "1")
            for blob in image.blobs:
                assert api("GET", f"/v2/{name}/{part}/blobs/{blob.digest}").body == blob.data


def test_two_writers_on_one_upload_never_mix_their_bytes(registry: Registry, name: str) -> None:
    data = noise(200_000, name)

    def patch(location: str) -> Answer:
        with registry.connect() as api:
            return api("PATCH", location, data, {"Content-Range": f"0-{len(data) - 1}"})

    with registry.connect() as api, ThreadPoolExecutor(2) as pool:
        for _ in range(25):
            location = api.start_upload(name)
            answers = list(pool.map(patch, [location] * 2))
            assert sorted(answer.status for answer in answers) in ([202, 409], [202, 416]), answers
            done = api("PUT", with_digest(location, digest_of(data)))
            assert done.status == 201, done
        assert api("GET", f"/v2/{name}/blobs/{digest_of(data)}").body == data


def test_an_upload_is_finished_once(registry: Registry, name: str) -> None:
    data = noise(50_000, name)

    def finish(location: str) -> int:
        with registry.connect() as api:
            return api("PUT", with_digest(location, digest_of(data))).status

    def cancel(location: str) -> int:
        with registry.connect() as api:
            return api("DELETE", location).status

    with registry.connect() as api, ThreadPoolExecutor(3) as pool:
        for _ in range(25):
            location = api("PATCH", api.start_upload(name), data)["Location"]
            puts = [pool.submit(finish, location) for _ in range(2)]
            cancelled = pool.submit(cancel, location).result()
            finished = [put.result() for put in puts]
            assert all(status in (201, 404, 409) for status in finished), finished
            assert cancelled in (204, 404, 409)
            assert (cancelled == 204) + finished.count(201) == 1, (cancelled, finished)


def test_of_racing_conditional_pushes_exactly_one_wins(registry: Registry, name: str) -> None:
    racers = 4

    def push(number: int, condition: tuple[str, str], image: Image) -> Answer:
        with registry.connect() as api:
            headers = [("Content-Type", image.manifest.media_type), condition]
            return api("PUT", f"/v2/{name}/manifests/raced", image.manifest.data, headers)

    with registry.connect() as api, ThreadPoolExecutor(racers) as pool:
        images = [make_image(f"{name} {number}") for number in range(racers)]
        for image in images:
            api.push_image(name, image)
        condition = ("If-None-Match", "*")
        for _ in range(25):
            answers = list(pool.map(push, range(racers), [condition] * racers, images))
            assert sorted(answer.status for answer in answers) == [201, *[412] * (racers - 1)], answers
            won = next(answer for answer in answers if answer.status == 201)
            for answer in answers:
                if answer is not won:
                    assert answer.codes == ["UNKNOWN"]
            there = api("HEAD", f"/v2/{name}/manifests/raced")
            assert there["Docker-Content-Digest"] == won["Docker-Content-Digest"]
            condition = ("If-Match", there["ETag"])
            # What the tag points to cannot win again: it would be a push that changes nothing.
            images = [make_image(f"{there['ETag']} {number}") for number in range(racers)]
            for image in images:
                api.push_image(name, image)
