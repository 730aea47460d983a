"""docs/operate/events.md keeps its word: its configuration, its commands and its event are tried."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ocilot import config as configuration

from .conftest import FreshRegistry
from .images import Content, make_image
from .pages import blocks
from .programs import wait_until
from .receivers import Receiver, status
from .shell import SHELLS, Shell, typed

PAGE = Path(__file__).parents[2] / "docs/operate/events.md"
SLACK = "https://hooks.slack.com/services/T000/B000/secret"


def test_every_command_of_the_page_works(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    first = next(block for block in blocks(PAGE) if block.language == "yaml")
    with Receiver(status(200, b"ok")) as receiver:
        text = first.text.replace(SLACK, receiver.url) + "      allow: 127.0.0.1\n"
        assert first.file == "config.yml"
        (tmp_path / first.file).write_text(text)
        registry = fresh_registry(text, root=tmp_path / "ocilot-data", start=False)
        shell = Shell(tmp_path, {})
        for block in blocks(PAGE):
            if block.language not in SHELLS:
                continue
            for command, promised in typed(block):
                if command == "ocilot serve config.yml":
                    registry.start()
                elif command.startswith("skopeo"):
                    with registry.connect() as api:
                        api.push_image("team/app", make_image("app"), "v1")
                    wait_until(lambda: len(receiver.deliveries) >= 2, "the message")
                else:
                    shell.type(command, promised)
        assert "pushed team/app:v1 (sha256:" in receiver.deliveries[1].json["text"]
        assert (tmp_path / "webhook.secret").read_text().startswith("whsec_")


def test_every_configuration_of_the_page_is_valid(tmp_path: Path) -> None:
    found = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    for text in found:
        file = tmp_path / "config.yml"
        file.write_text(text if text.startswith("version:") else f"version: 0.1\n{text}")
        assert configuration.load(file).settings.webhooks
    assert len(found) == 4


def test_the_event_of_the_page_has_the_members_that_are_sent(fresh_registry: FreshRegistry) -> None:
    (shown,) = [json.loads(block.text) for block in blocks(PAGE) if block.language == "json"]
    with Receiver() as receiver:
        hook = f"ocilot: {{webhooks: [{{name: ci, url: '{receiver.url}', allow: '*'}}]}}"
        registry = fresh_registry(f"version: 0.1\n{hook}\n")
        with registry.connect() as api:
            image = make_image("app")
            document = json.loads(image.manifest.data) | {"annotations": {"build": "7"}}
            content = Content(image.manifest.media_type, json.dumps(document).encode())
            api.push_image("team/app", replace(image, manifest=content), "v1")
        sent = receiver.wait_for(1)[0]
    assert list(sent) == list(shown)
    assert set(shown["data"]) - set(sent["data"]) <= {"actor"}, "the caller of this push is anonymous"


def test_the_metrics_of_the_page_exist(fresh_registry: FreshRegistry) -> None:
    rows = PAGE.read_text(encoding="utf-8").partition("## Metrics\n")[2].splitlines()
    named = [line.split("`")[1].partition("{")[0] for line in rows if line.startswith("| `")]
    assert len(named) == 10
    with Receiver() as receiver:
        hook = f"ocilot: {{webhooks: [{{name: ci, url: '{receiver.url}', allow: '*'}}]}}"
        registry = fresh_registry(f"version: 0.1\n{hook}\n")
        with registry.connect() as api:
            api.push_image("team/app", make_image("app"), "v1")
            receiver.wait_for(2)
            wait_until(lambda: b"ocilot_consumer_lag_entries" in api("GET", "/metrics").body, "the metrics")
            there = api("GET", "/metrics").body.decode()
    missing = {name for name in named if name not in there}
    assert missing == {"ocilot_consumer_lost_total"}, "nothing was lost"
