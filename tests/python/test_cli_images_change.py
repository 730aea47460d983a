"""Commands that copy, push, tag, delete and verify, as they are run."""

from __future__ import annotations

import json
from pathlib import Path

import trustme

import ocilot
from ocilot.cli.exit import Exit

from .cli_content import MANIFEST, Content
from .cli_place import Place
from .cli_runs import Zygote

LAYERS: tuple[dict[str, bytes], ...] = ({"a": b"a" * 3000}, {"b": b"b\n"})


def test_cp_copies_anywhere_and_prints_the_digest(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1", LAYERS)
    digest = image["digest"] + "\n"
    assert fresh.fine("cp", f"{fresh.app}:v1", f"{fresh.host}/new/app:v2") == digest
    assert fresh.content.digest("new/app", "v2") == image["digest"]
    assert fresh.fine("cp", f"{fresh.app}:v1", "oci:layout:v1") == digest
    assert fresh.fine("cp", "oci:layout:v1", "oci-archive:image.tar:v1") == digest
    assert fresh.fine("cp", "oci-archive:image.tar", f"{fresh.host}/from/archive:v1") == digest
    assert fresh.json("inspect", "oci:layout")["digest"] == image["digest"]
    result = fresh.json("cp", f"{fresh.app}:v1", f"{fresh.host}/new/app:v3")
    assert (result["kind"], result["digest"]) == ("copy", image["digest"])
    assert {blob["outcome"] for blob in result["blobs"]} == {"existed"}


def test_cp_to_standard_output_writes_nothing_but_the_archive(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    ran = fresh.run("cp", f"{fresh.app}:v1", "-", "--progress", "none")
    assert ran.code == 0
    assert ran.err == image["digest"] + "\n"
    assert "oci-layout" in ran.out


def test_cp_says_what_it_transfers_on_standard_error(fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    words = ("cp", f"{fresh.app}:v1", "oci:layout:v1", "--progress")
    lines = fresh.run(*words, "plain").err.splitlines()
    assert [line.rpartition(" ")[2] for line in lines].count("started") == 2
    assert [line.rpartition(" ")[2] for line in lines].count("copied") == 2
    events = [
        json.loads(line)["event"]
        for line in fresh.run(*words[:2], "oci:other:v1", "--progress", "json").err.splitlines()
    ]
    assert set(events) == {"blob_started", "blob_finished", "manifest_pushed"}
    assert fresh.run(*words[:2], "oci:third:v1", "--progress", "none").err == ""


def test_cp_takes_referrers_along(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    fresh.content.artifact("team/app", {"sbom.json": b"{}"}, "application/spdx+json", subject=image)
    fresh.fine("cp", f"{fresh.app}:v1", f"{fresh.host}/new/app:v1", "--referrers", "yes")
    root = fresh.json("tree", f"{fresh.host}/new/app:v1")["root"]
    assert [one["artifact_type"] for one in root["referrers"]] == ["application/spdx+json"]


def test_push_and_pull_bring_files_back(fresh: Place) -> None:
    (fresh.directory / "a.txt").write_text("a\n")
    (fresh.directory / "b.json").write_text("{}")
    target = f"{fresh.app}:files"
    words = ["push", "a.txt", "b.json:application/json", target, "--artifact-type", "application/vnd.example"]
    digest = fresh.fine(*words, "-a", "x=y").strip()
    assert fresh.content.digest("team/app", "files") == digest
    found = fresh.json("inspect", target)
    assert (found["artifact_type"], found["annotations"]["x"]) == ("application/vnd.example", "y")
    assert [layer["media_type"] for layer in found["layers"]][1] == "application/json"
    assert fresh.fine("pull", target, "out") == "out/a.txt\nout/b.json\n"
    assert (fresh.directory / "out/a.txt").read_text() == "a\n"
    sbom = fresh.json(*words[:2], f"{fresh.app}:sbom", "--subject", "files")
    assert sbom["tag"] == "sbom"
    assert fresh.json("tree", target)["root"]["referrers"][0]["digest"] == sbom["digest"]


def test_what_refers_to_an_image_takes_no_tag(fresh: Place) -> None:
    """As `latest` it would take the place of the image."""
    image = fresh.content.image("team/app", "latest")["digest"]
    (fresh.directory / "sbom.json").write_text("{}")
    words = ["push", "sbom.json", fresh.app, "--artifact-type", "application/spdx+json"]
    pushed = fresh.json(*words, "--subject", "latest")
    assert pushed["tag"] is None
    assert fresh.content.tags("team/app") == ["latest"]
    assert fresh.content.digest("team/app", "latest") == image
    root = fresh.json("tree", fresh.app)["root"]
    assert [one["digest"] for one in root["referrers"]] == [pushed["digest"]]
    # With a tag it has that, and an artifact for itself is `latest`, as everywhere.
    assert fresh.json("push", "sbom.json", f"{fresh.app}:sbom", "--subject", "latest")["tag"] == "sbom"
    assert fresh.json(*words)["tag"] == "latest"


def test_pull_writes_an_image_as_a_layout(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    assert fresh.fine("pull", f"{fresh.app}:v1", "layout") == "layout\n"
    assert fresh.json("inspect", "oci:layout:v1")["digest"] == image["digest"]
    assert fresh.run("pull", f"{fresh.app}:v1").code == Exit.USAGE


def test_pull_unpacks_a_root_file_system(fresh: Place) -> None:
    fresh.content.image("team/app", "v1", ({"etc/": b"", "etc/a": b"a"}, {"etc/.wh.a": b"", "etc/b": b"b"}))
    assert fresh.fine("pull", f"{fresh.app}:v1", "rootfs", "--unpack") == "rootfs\n"
    assert [path.name for path in (fresh.directory / "rootfs/etc").iterdir()] == ["b"]
    fresh.content.image("team/bad", "v1", ({"../outside": b"a"},))
    ran = fresh.run("pull", f"{fresh.host}/team/bad:v1", "bad", "--unpack")
    assert ran.code == Exit.INTEGRITY
    assert not (fresh.directory / "outside").exists()


def test_push_takes_an_archive_image_by_image(fresh: Place) -> None:
    first = fresh.content.image("team/app", "v1")["digest"]
    second = fresh.content.image("team/app", "v2", LAYERS)["digest"]
    for tag in ("v1", "v2"):
        fresh.fine("cp", f"{fresh.app}:{tag}", f"oci:layout:{tag}")
    fresh.fine("push", "oci:layout:v1", f"{fresh.host}/one:x")
    assert fresh.content.digest("one", "x") == first
    fresh.fine("push", "oci:layout", f"{fresh.host}/both")
    assert [fresh.content.digest("both", tag) for tag in ("v1", "v2")] == [first, second]
    assert fresh.run("push", "oci:layout", f"{fresh.host}/both:v3").code == Exit.USAGE


def test_tag_names_an_image_again(fresh: Place) -> None:
    digest = fresh.content.image("team/app", "v1")["digest"]
    assert fresh.fine("tag", f"{fresh.app}:v1", "stable") == digest + "\n"
    assert fresh.content.digest("team/app", "stable") == digest
    fresh.fine("tag", f"{fresh.app}@{digest}", f"{fresh.app}:other")
    assert fresh.content.tags("team/app") == ["other", "stable", "v1"]
    ran = fresh.run("tag", f"{fresh.app}:v1", f"{fresh.host}/new/app:v1")
    assert ran.code == Exit.USAGE
    assert "ocilot cp" in ran.err


def test_rm_shows_a_plan_and_asks(fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    ran = fresh.run("rm", f"{fresh.app}:v1")
    assert ran.code == Exit.USAGE
    assert f"removes from {fresh.app}" in ran.err
    assert "--yes" in ran.err
    dry = fresh.run("rm", f"{fresh.app}:v1", "--dry-run")
    assert (dry.code, dry.out.split("\t")[:2]) == (0, ["tag", "v1"])
    assert fresh.content.tags("team/app") == ["v1"]


def test_rm_removes_a_tag_or_a_manifest(fresh: Place) -> None:
    digest = fresh.content.image("team/app", "v1")["digest"]
    for tag in ("v2", "v3"):
        fresh.fine("tag", f"{fresh.app}:v1", tag)
    fresh.fine("rm", "--yes", f"{fresh.app}:v1")
    assert fresh.content.tags("team/app") == ["v2", "v3"]
    rows = json.loads(fresh.fine("rm", "--yes", f"{fresh.app}@{digest}", "-o", "json"))
    assert {row["kind"] for row in rows} == {"manifest", "tag"}
    assert {row["digest"] for row in rows} == {digest}
    assert fresh.run("inspect", f"{fresh.app}:v2").code == Exit.NOT_FOUND


def test_rm_wants_a_tag_or_a_digest(fresh: Place) -> None:
    fresh.content.image("team/app", "latest")
    ran = fresh.run("rm", "--yes", fresh.app)
    assert ran.code == Exit.USAGE
    assert f"{fresh.app}:TAG" in ran.err
    assert fresh.content.tags("team/app") == ["latest"]


def test_verify_reads_every_blob(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    assert fresh.fine("verify", f"{fresh.app}:v1") == image["digest"] + "\n"
    assert fresh.json("verify", f"{fresh.app}:v1")["blobs"] == 2
    fresh.fine("cp", f"{fresh.app}:v1", "oci:layout:v1")
    blobs = fresh.directory / "layout/blobs/sha256"
    largest = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[-1] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(data)
    ran = fresh.run("verify", "oci:layout:v1")
    assert (ran.code, ran.out) == (Exit.INTEGRITY, "")
    assert len(ran.err.splitlines()) == 1


def test_a_signature_that_is_missing_is_no_success(fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    (fresh.directory / "key.pem").write_text(PUBLIC_KEY)
    ran = fresh.run("verify", "--key", "key.pem", f"{fresh.app}:v1")
    assert (ran.code, ran.out) == (Exit.INTEGRITY, "")
    assert fresh.run("verify", "--identity", "a@example.com", f"{fresh.app}:v1").code == Exit.USAGE


PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
"""


def test_api_sends_one_request(fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    assert json.loads(fresh.fine("api", "get", f"{fresh.host}/v2/team/app/tags/list"))["tags"] == ["v1"]
    assert "team/app" in fresh.fine("api", "GET", "/v2/_catalog", OCILOT_REGISTRY=fresh.host)
    text = fresh.fine("api", "-i", "GET", f"{fresh.host}/v2/")
    assert text.startswith("HTTP 200\n")
    accept = f"Accept: {MANIFEST}"
    raw = fresh.fine("api", "GET", "-H", accept, f"{fresh.host}/v2/team/app/manifests/v1")
    (fresh.directory / "manifest").write_text(raw)
    words = ["-H", f"Content-Type: {MANIFEST}", "-d", "@manifest", f"{fresh.host}/v2/team/app/manifests/copy"]
    fresh.fine("api", "PUT", *words)
    assert fresh.content.tags("team/app") == ["copy", "v1"]
    assert fresh.run("api", "GET", f"{fresh.host}/v2/team/app/manifests/none").code == Exit.NOT_FOUND
    assert fresh.run("api", "GET", "nothing").code == Exit.USAGE
    assert fresh.run("api", "GET", "-H", "nothing", f"{fresh.host}/v2/").code == Exit.USAGE


def test_a_referrer_that_is_rejected_is_exit_code_8_and_the_image_is_copied(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    files = {f"{number:0100}": b"" for number in range(20)}
    fresh.content.artifact("team/app", files, "application/vnd.example", subject=image)
    with ocilot.Server(manifest_limit=2000) as server:
        words = [
            "cp",
            f"{fresh.app}:v1",
            f"{server.address}/team/app:v1",
            "--progress",
            "none",
            "--referrers",
        ]
        ran = fresh.run(*words, "yes", "-o", "json")
        assert ran.code == Exit.PARTIAL
        result = json.loads(ran.out)
        assert (result["digest"], len(result["refused"])) == (image["digest"], 1)
        assert Content(server.url).digest("team/app", "v1") == image["digest"]
        assert fresh.run(*words, "required").code not in (Exit.OK, Exit.PARTIAL)


def test_a_registry_that_deletes_nothing_says_so(zygote: Zygote, tmp_path: Path) -> None:
    with ocilot.Server(deletes=False) as server:
        place = Place(zygote, Content(server.url), tmp_path)
        digest = place.content.image("team/app", "v1")["digest"]
        ran = place.run("rm", "--yes", f"{place.app}@{digest}")
        assert (ran.code, ran.out) == (Exit.OTHER, "")
        assert len(ran.err.splitlines()) == 1
        assert place.content.tags("team/app") == ["v1"]


def test_a_registry_with_tls_is_trusted_by_an_option(zygote: Zygote, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    with ocilot.Server(tls_certificate=certificate, tls_key=key) as server:
        place = Place(zygote, Content(server.url), tmp_path)
        ran = place.run("ls", place.host)
        assert (ran.code, ran.out) == (Exit.NETWORK, "")
        assert "--ca FILE" in ran.err
        assert place.run("ls", place.host, "--ca", "ca.pem").code == 0
        assert place.run("ls", place.host, "--insecure", place.host).code == 0
        assert place.run("ls", place.host, "--insecure", f"https://{place.host}").code == 0
        assert place.run("ls", place.host, "--plain-http", place.host).code != 0
        wrong = place.run("ls", place.host, "--insecure", "no host/at all")
        assert (wrong.code, wrong.out) == (Exit.USAGE, "")
        # Each end of a copy is reached in its own way.
        with ocilot.Server() as plain:
            source = Content(plain.url)
            source.image("team/app", "v1")
            words = ["cp", f"{source.host}/team/app:v1", f"{place.host}/team/app:v1", "--ca", "ca.pem"]
            assert place.run(*words, "--plain-http", source.host).code == 0
