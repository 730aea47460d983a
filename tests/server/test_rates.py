"""Who asks too often is told to wait, and nobody else."""

from __future__ import annotations

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .test_settings import config_of


def test_pulls_of_one_address_are_limited_and_pushes_are_not(fresh_registry: FreshRegistry) -> None:
    limit = {"classes": ["manifests"], "who": "anonymous", "per": "address", "requests": 3, "window": "1h"}
    registry = fresh_registry(config_of(ocilot={"ratelimits": [limit], "trustedproxies": ["127.0.0.1"]}))
    image = make_image("limited")
    with registry.connect() as api:
        api.push_image("app", image, "1")
        for left in (2, 1, 0):
            pulled = api("GET", "/v2/app/manifests/1", headers={"X-Forwarded-For": "203.0.113.1"})
            assert (pulled.status, pulled["RateLimit-Remaining"]) == (200, f"{left};w=3600")
        refused = api("GET", "/v2/app/manifests/1", headers={"X-Forwarded-For": "203.0.113.1"})
        assert (refused.status, refused.codes) == (429, ["TOOMANYREQUESTS"])
        assert 0 < int(refused["Retry-After"]) <= 1200
        assert api("HEAD", "/v2/app/manifests/1", headers={"X-Forwarded-For": "203.0.113.1"}).status == 200
        assert api("GET", "/v2/app/manifests/1", headers={"X-Forwarded-For": "203.0.113.2"}).status == 200
        api.push_image("app", image, "2")
        metrics = api("GET", "/metrics").body.decode()
    assert "ocilot_rate_refused_total 1" in metrics


@pytest.mark.parametrize(
    ("limit", "where"),
    [
        ({"requests": 0}, "ocilot.ratelimits.0.requests"),
        ({"requests": 1, "window": "0s"}, "ocilot.ratelimits.0.window"),
        ({"requests": 1, "classes": ["pulls"]}, "ocilot.ratelimits.0.classes"),
        ({"requests": 1, "who": "me"}, "ocilot.ratelimits.0.who"),
        ({"requests": 1, "rate": 2}, "ocilot.ratelimits.0.rate"),
        ({}, "ocilot.ratelimits.0"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_its_place(
    fresh_registry: FreshRegistry, limit: dict[str, object], where: str
) -> None:
    ran = fresh_registry(config_of(ocilot={"ratelimits": [limit]}), start=False).refused_start()
    assert ran.code == 2
    assert where in ran.err


def test_readiness_and_metrics_count_as_reads_of_their_address(fresh_registry: FreshRegistry) -> None:
    limit = {"classes": ["reads"], "per": "address", "requests": 2, "window": "1h"}
    with fresh_registry(config_of(ocilot={"ratelimits": [limit]})).connect() as api:
        assert [api("GET", target).status for target in ("/readyz", "/metrics")] == [200, 200]
        for target in ("/readyz", "/metrics"):
            refused = api("GET", target)
            assert refused.status == 429, refused
            assert 0 < int(refused["Retry-After"]) <= 1800
        assert api("GET", "/healthz").status == 200
