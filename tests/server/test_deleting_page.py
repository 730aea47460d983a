"""docs/operate/deleting.md keeps its word: its commands are run by the clients that it names."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from .clients import Docker, containers_settings
from .conftest import FreshRegistry
from .images import make_image
from .pages import blocks, compare
from .people import basic, with_tokens
from .registry import Registry
from .shell import SHELLS, Shell, masked, typed
from .test_collection import assert_pulls

PAGE = Path(__file__).parents[2] / "docs/operate/deleting.md"
PASSWORD = "alice-password"
AT_LAST = "ocilot gc run --now --yes --wait"
RULES = """\
  access:
    - repositories: ["**"]
      allow: {anonymous: [pull, push], user:alice: [pull, push, delete]}
"""


def commands() -> Iterator[tuple[str, list[str]]]:
    """What a reader types, without what cannot be undone."""
    for block in blocks(PAGE):
        if block.language in SHELLS:
            yield from ((command, promised) for command, promised in typed(block) if command != AT_LAST)


def shell_of(home: Path, registry: Registry) -> Shell:
    """A shell of alice, who is logged in with skopeo."""
    secret = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    login = home / "auth.json"
    login.write_text(json.dumps({"auths": {registry.local: {"auth": secret}}}))
    places = {
        "https://registry.example.com": registry.url,
        "registry.example.com": registry.local,
        "alice:PASSWORD": f"alice:{PASSWORD}",
        "skopeo delete ": "skopeo delete --tls-verify=false ",
        "skopeo list-tags ": "skopeo list-tags --tls-verify=false ",
    }
    env = {**containers_settings(home / "containers"), "REGISTRY_AUTH_FILE": str(login)}
    return Shell(home, places, {**env, "REGISTRY_CONFIGURATION_PATH": str(registry.config)})


def test_every_command_of_the_page_works(
    docker: Docker, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    filesystem = f"storage: {{filesystem: {{rootdirectory: {root}}}, "
    config = with_tokens(tmp_path, RULES).replace("storage: {", filesystem)
    registry = fresh_registry(config, root=root)
    shell = shell_of(tmp_path, registry)
    images = {
        tag: make_image(names) for names in ("stable v1", "v2 latest", "pr-1 pr-2") for tag in names.split()
    }
    with registry.connect() as api:
        for tag, image in images.items():
            api.push_image("team/app", image, tag)
        docker("pull", f"{registry.local}/team/app:stable")
        for command, promised in commands():
            if command.startswith("docker "):
                said = docker(*shlex.split(shell.here(command))[1:])
                lines = [masked(shell.here(line)) for line in promised]
                compare(command, lines, masked(said).splitlines())
            else:
                shell.type(command, promised)
        kept = ("stable", "v1", "v2", "latest")
        assert {tag for tag in images if api.has_manifest("team/app", tag)} == set(kept)
        for tag in kept:
            assert_pulls(api, "team/app", tag, images[tag])
        shell.type(AT_LAST)
        assert shell.attempt("ocilot restore team/app:pr-1").code == 3


def test_deletes_are_refused_as_the_page_says(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """405 without the setting, 403 without the right."""
    image = make_image("refused")
    with fresh_registry("version: 0.1\n").connect() as api:
        api.push_image("team/app", image, "v1")
        answer = api("DELETE", "/v2/team/app/manifests/v1")
        assert (answer.status, answer.codes) == (405, ["UNSUPPORTED"]), answer
    with fresh_registry(with_tokens(tmp_path, RULES)).connect() as api:
        api.push_image("team/app", image, "v1")
        answer = api("DELETE", "/v2/team/app/manifests/v1", headers=basic("bob"))
        assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
