"""What commands say to those who are new: what was meant instead, and which command comes next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

import ocilot
from ocilot.cli.control import Control
from ocilot.cli.exit import Exit

from .cli_content import Content
from .cli_place import Place
from .cli_runs import Ran, Zygote
from .test_cli_hostile import ALL, Command, each

PASSWORD = "correct horse"


def only_line(ran: Ran) -> str:
    """The one line that a command has said."""
    (line,) = ran.err.splitlines()
    return line


@pytest.fixture
def app(fresh: Place) -> Place:
    """A registry for all, with an image."""
    fresh.content.image("team/app", "v1", ({"etc/motd": b"hello\n", "bin/true": b"\x7fELF\0\0"},))
    return fresh


@pytest.fixture
def guarded(zygote: Zygote, tmp_path: Path) -> Iterator[Place]:
    """A registry with an account."""
    root = tmp_path / "data"
    with ocilot.Server(root=root, accounts=True) as server:
        with Control.of(None, root) as control:
            account = {"name": "alice", "kind": "user", "password": PASSWORD, "admin": True}
            control.ask("POST", "/api/v1/accounts", account)
        yield Place(zygote, Content(server.url), tmp_path)


# The default registry


@pytest.mark.parametrize("words", [("whoami",), ("ls",), ("api", "GET", "/v2/")])
def test_a_command_without_a_registry_says_which_one_it_asks(app: Place, words: tuple[str, ...]) -> None:
    ran = app.run(*words, OCILOT_REGISTRY=app.host)
    assert ran.code == 0, ran
    assert only_line(ran) == f"the default registry is {app.host}"


@pytest.mark.parametrize("words", [("whoami",), ("ls",), ("api", "GET", "/v2/"), ("logout",)])
def test_docker_hub_is_not_asked_in_silence(app: Place, words: tuple[str, ...]) -> None:
    # No answer gets here: a proxy that is not there is asked for docker.io.
    ran = app.run(*words, OCILOT_REGISTRY="", HTTPS_PROXY="http://127.0.0.1:9")
    assert ran.code != 0
    assert ran.err.splitlines()[0] == (
        "the default registry is docker.io; choose another with `ocilot login REGISTRY --default` or "
        "OCILOT_REGISTRY"
    )


def test_a_path_of_the_protocol_is_not_taken_for_a_registry(app: Place) -> None:
    for path in ("v2/_catalog", "api/v1/repositories", "_catalog"):
        ran = app.run("api", "GET", path)
        assert ran.code == Exit.USAGE
        assert "/PATH for the default" in ran.err


# Sorting


def test_a_registry_without_accounts_is_sorted_on_its_own_machine(app: Place) -> None:
    """Nobody can log in there, so that is no hint."""
    ran = app.run("tags", app.app, "--sort", "-pushed")
    assert ran.code == Exit.AUTH
    assert "`ocilot repo tags`" in only_line(ran)
    assert "ocilot login" not in ran.err


def test_a_server_without_accounts_is_administered_on_its_own_machine(app: Place) -> None:
    ran = app.run("repo", "ls", "--server", app.host)
    assert ran.code == Exit.AUTH
    assert only_line(ran) == (
        f"{app.host} has no accounts, so that no administrator can log in: run the command on its machine, "
        "without --server"
    )


# Arguments in the wrong order


def test_a_reference_in_the_place_of_a_file_is_noticed(app: Place) -> None:
    (app.directory / "file").write_bytes(b"x")
    (app.directory / "rootfs").mkdir()
    target = f"{app.host}/team/new:v1"
    cases = {
        ("push", target, "file"): f"push file {target}",
        ("push", f"{target}:text/plain", "file"): "push file ",
        ("import", target, "rootfs"): f"import rootfs {target}",
        ("append", f"{app.app}:v1", target, "rootfs"): f"append {app.app}:v1 rootfs {target}",
        ("bundle", "save", f"{app.app}:v1", "out.tar"): f"bundle save out.tar {app.app}:v1",
        ("bundle", "load", app.host, "file"): f"bundle load file {app.host}",
        ("cat", "/etc/motd", f"{app.app}:v1"): f"cat {app.app}:v1 /etc/motd",
        ("files", "/etc", f"{app.app}:v1"): f"files {app.app}:v1 /etc",
    }
    for words, right in cases.items():
        ran = app.run(*words)
        assert (ran.code, ran.out) == (Exit.USAGE, ""), ran
        assert f"write ocilot {right}" in only_line(ran)
    ran = app.run("tag", "v2", f"{app.app}:v1")
    assert ran.code == Exit.USAGE
    assert ran.err.endswith(f"write ocilot tag {app.app}:v1 v2\n")


def test_arguments_in_the_right_order_are_not_refused(app: Place) -> None:
    """Also where files are called as images, and images as files."""
    (app.directory / "app").write_bytes(b"x")
    assert app.run("push", "app", "app", OCILOT_REGISTRY=app.host).code == 0
    assert app.run("bundle", "save", "b.tar", "team/app:v1", OCILOT_REGISTRY=app.host).code == 0
    assert app.run("bundle", "load", "b.tar", f"{app.host}/more").code == 0
    assert app.fine("cat", f"{app.app}:v1", "etc/motd") == "hello\n"


def test_a_name_that_is_also_a_file_is_said_to_be_the_image(app: Place) -> None:
    (app.directory / "rootfs").mkdir()
    ran = app.run("inspect", "rootfs", OCILOT_REGISTRY=app.host)
    assert ran.err.startswith(f"rootfs is {app.host}/rootfs:latest, not the file or directory of this name\n")


# What is not there


def test_a_missing_tag_has_the_command_that_lists_them(app: Place) -> None:
    for words in (("rm", "--yes"), ("inspect",), ("files",), ("cp", "--progress", "none")):
        ran = app.run(*words, f"{app.app}:none", *(["oci:copy"] if words[0] == "cp" else []))
        assert ran.code == Exit.NOT_FOUND
        assert only_line(ran).endswith(f"list the tags: ocilot tags {app.app}")


def test_a_missing_repository_has_the_command_that_lists_them(app: Place) -> None:
    ran = app.run("tags", f"{app.host}/team/none")
    assert ran.code == Exit.NOT_FOUND
    assert only_line(ran).endswith(f"list the repositories: ocilot ls {app.host}")


def test_a_verification_without_a_key_says_what_it_left_out(app: Place) -> None:
    ran = app.run("verify", f"{app.app}:v1")
    assert ran.code == 0
    assert "no signature was looked for: pass --key, or --identity and --issuer" in ran.err.splitlines()


def test_the_base_of_an_image_is_named_by_an_option(app: Place) -> None:
    ran = app.run("rebase", f"{app.app}:v1", f"{app.app}:v1", f"{app.app}:v2")
    assert ran.code == Exit.USAGE
    assert only_line(ran).endswith("or --old-base REF")


def test_sync_of_a_name_that_only_begins_repositories_says_how_to_mean_them(
    app: Place, tmp_path: Path
) -> None:
    ran = app.run("sync", f"{app.host}/team", f"{app.host}/mirror")
    assert ran.code == Exit.NOT_FOUND
    assert only_line(ran) == (
        f"no repository team on {app.host}; write {app.host}/team/** for all repositories below it"
    )
    ran = app.run("sync", f"{app.host}/none/**", f"{app.host}/mirror", "--dry-run")
    assert ran.code == 0
    assert f"no repository of {app.host} matches none/**" in ran.err


def test_a_directory_in_the_place_of_a_file_has_the_command_that_lists_it(app: Place) -> None:
    app.content.image("team/dirs", "v1", ({"etc/": b"", "etc/motd": b"hello\n"},))
    ran = app.run("cat", f"{app.host}/team/dirs:v1", "/etc")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert only_line(ran) == (
        f"/etc is a directory: expected a file; list it: ocilot files {app.host}/team/dirs:v1 /etc"
    )


def test_files_below_a_path_that_is_not_there_are_an_error(app: Place) -> None:
    ran = app.run("files", f"{app.app}:v1", "/nope")
    assert (ran.code, ran.out) == (Exit.NOT_FOUND, "")
    assert only_line(ran).startswith('no file "/nope" in ')
    assert app.fine("files", f"{app.app}:v1", "/etc/motd") == "/etc/motd\n"


def test_a_file_that_is_no_archive_is_said_to_be_none_once(app: Place) -> None:
    (app.directory / "text").write_text("x")
    ran = app.run("bundle", "ls", "text")
    assert ran.code == Exit.INTEGRITY
    assert only_line(ran).startswith("text is not a tar archive; write one with docker save")


# Addresses


def test_the_scheme_of_an_address_is_obeyed_by_every_command(app: Place) -> None:
    """A hint says that `http://HOST` does without TLS, so it must; `https://HOST` asks for it."""
    for words in (["whoami"], ["ls"]):
        assert app.run(*words, f"http://{app.host}").code == 0
        ran = app.run(*words, f"https://{app.host}")
        assert ran.code == Exit.NETWORK
        assert "it answers plain HTTP" in ran.err
    assert login(app, f"https://{app.host}").code == Exit.NETWORK
    assert login(app, f"http://{app.host}").code == 0


def test_a_list_of_repositories_that_is_refused_says_why(tmp_path: Path, zygote: Zygote) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    with ocilot.Server(tls_certificate=certificate, tls_key=key) as server:
        ran = Place(zygote, Content(server.url), tmp_path).run("ls", f"http://{server.address}")
    assert "this port speaks HTTPS" in only_line(ran)


# Names


def test_a_name_with_upper_case_letters_is_shown_in_lower_case(app: Place) -> None:
    for text in ("Team/App", "Team/App:v1"):
        ran = app.run("inspect", text, OCILOT_REGISTRY=app.host)
        assert ran.code == Exit.USAGE
        assert "must be lower case; write team/app" in only_line(ran)
    ran = app.run("inspect", "Team/app", HTTPS_PROXY="http://127.0.0.1:9")
    assert ran.code == Exit.NETWORK
    assert ran.err.startswith("Team/app is app on the registry Team; for a repository, write team/app\n")


# Login


def login(place: Place, host: str, password: str = PASSWORD, *more: str) -> Ran:
    (place.directory / "typed").write_text(password + "\n")
    words = ["login", host, "-u", "alice", "--password-stdin", *more]
    return place.run(*words, stdin=str(place.directory / "typed"))


def test_a_login_that_nothing_checks_is_not_called_one(app: Place) -> None:
    ran = login(app, app.host, "anything")
    assert ran.code == 0
    assert "logged in" not in ran.err
    path = app.directory / ".docker/config.json"
    assert only_line(ran) == (
        f"{app.host} asks for no login, so that the password of alice was not checked; stored in {path}"
    )
    assert json.loads(login(app, app.host, "x", "-o", "json").out)["asked"] is False
    assert app.json("whoami", app.host)["asked"] is False


def test_a_login_that_is_checked_is_called_one(guarded: Place) -> None:
    assert guarded.json("whoami", guarded.host)["asked"] is True
    wrong = login(guarded, guarded.host, "wrong")
    assert wrong.code == Exit.AUTH
    assert wrong.err.endswith("invalid user name or password; check the user name and the password\n")
    assert wrong.err.count(guarded.host) == 1
    ran = login(guarded, guarded.host)
    assert only_line(ran).startswith(f"logged in to {guarded.host} as alice; stored in ")
    assert guarded.fine("whoami", guarded.host).splitlines()[-1] == "Login asked for\tyes"


# Tables


def test_one_thing_is_not_several(app: Place) -> None:
    ran = app.run("du", f"{app.app}:v1")
    assert ran.err.startswith("1 image, 3 blobs, ")
    ran = app.run("bundle", "save", "b.tar", f"{app.app}:v1", "--progress", "none")
    assert ran.err.startswith("1 name, 2 blobs, ")


def test_a_bundle_shows_the_platforms_of_its_images(app: Place) -> None:
    app.content.image("team/arm", "v1", architecture="arm64")
    images = [app.content.image("team/both", architecture=one) for one in ("amd64", "arm64")]
    app.content.index("team/both", "all", images)
    app.content.artifact("team/app", {"a": b"b"}, "application/x", "files")
    names = [f"{app.host}/team/{name}" for name in ("app:v1", "arm:v1", "both:all", "app:files")]
    app.fine("bundle", "save", "b.tar", *names)
    found = {entry["name"]: entry["platforms"] for entry in app.json("bundle", "ls", "b.tar")}
    assert [found[name] for name in names] == [
        ["linux/amd64"],
        ["linux/arm64"],
        ["linux/amd64", "linux/arm64"],
        [],
    ]


# Help


@each
def test_help_shows_no_type_of_a_flag_or_an_argument(
    command: Command, zygote: Zygote, tmp_path: Path
) -> None:
    """`--all <bool>` would be a flag with a value, `REF <str>` says nothing."""
    ran = zygote.run([*command.words, "--help"], tmp_path, environ={"COLUMNS": "200"})
    assert ran.code == 0
    usage = next(line for line in ran.out.splitlines() if "Usage:" in line)
    assert not {"<bool>", "<str>", "<list[str]>", "<int>"} & set(ran.out.split())
    assert "{" not in usage
    assert "......" not in usage


def test_there_is_help_to_look_at() -> None:
    assert len(ALL) > 50
