"""Which web pages may read the registry."""

from __future__ import annotations

import pytest

from .api import Answer
from .conftest import FreshRegistry
from .registry import Registry
from .test_settings import config_of

UI = "https://ui.example"


@pytest.fixture
def open_to_ui(fresh_registry: FreshRegistry) -> Registry:
    return fresh_registry(config_of(ocilot={"cors": {"origins": [UI], "credentials": True}}))


def allowed(answer: Answer) -> dict[str, str]:
    return {key.lower(): value for key, value in answer.headers.items() if key.startswith("Access-Control-")}


def test_a_browsers_question_is_answered(open_to_ui: Registry) -> None:
    with open_to_ui.connect() as api:
        for target in ("/v2/", "/v2/app/manifests/1", "/v2/_catalog"):
            asked = {"Origin": UI, "Access-Control-Request-Method": "PUT"}
            answer = api("OPTIONS", target, headers=asked)
            assert (answer.status, answer.body, answer["Vary"]) == (204, b"", "Origin")
            told = allowed(answer)
            assert told["access-control-allow-origin"] == UI
            assert told["access-control-allow-credentials"] == "true"
            assert "PATCH" in told["access-control-allow-methods"]
            assert "Authorization" in told["access-control-allow-headers"]
            assert int(told["access-control-max-age"]) > 0


def test_a_listed_page_reads_answers_and_errors(open_to_ui: Registry) -> None:
    with open_to_ui.connect() as api:
        for target, status in (("/v2/", 200), ("/v2/app/tags/list", 404), ("/v2/E/tags/list", 400)):
            answer = api("GET", target, headers={"Origin": UI})
            assert (answer.status, answer["Vary"]) == (status, "Origin")
            assert answer["Access-Control-Allow-Origin"] == UI
            assert "Docker-Content-Digest" in answer["Access-Control-Expose-Headers"]


def test_any_other_page_reads_nothing(open_to_ui: Registry, fresh_registry: FreshRegistry) -> None:
    for registry, origin in ((open_to_ui, "https://evil.example"), (fresh_registry(), UI)):
        with registry.connect() as api:
            for method in ("GET", "OPTIONS"):
                headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
                assert allowed(api(method, "/v2/", headers=headers)) == {}


def test_credentials_are_never_for_every_page(fresh_registry: FreshRegistry) -> None:
    """Such a configuration is refused; and a page that is let in as every page is sends none."""
    for origins in (["*"], [UI, "*"]):
        config = config_of(ocilot={"cors": {"origins": origins, "credentials": True}})
        ran = fresh_registry(config, start=False).refused_start()
        assert ran.code == 2
        assert "credentials cannot be allowed for every origin" in ran.err
    with fresh_registry(config_of(ocilot={"cors": {"origins": ["*"]}})).connect() as api:
        for origin in (UI, "https://evil.example", "null"):
            for method in ("GET", "OPTIONS"):
                headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
                told = allowed(api(method, "/v2/", headers=headers))
                assert told["access-control-allow-origin"] == "*"
                assert "access-control-allow-credentials" not in told
