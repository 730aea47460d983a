"""The pure rules under the transport: proxies, addresses, URLs that a registry names, retries."""

from __future__ import annotations

import doctest
import importlib
import ipaddress

import pytest

from ocilot.client.addresses import (
    AddressPolicy,
    AddressRefused,
    Origin,
    is_loopback,
    origin_of,
    policy_for,
    refused_kind,
    split_port,
)
from ocilot.client.endpoints import Endpoint, led_to
from ocilot.client.errors_of import plain_text
from ocilot.client.proxies import Proxies
from ocilot.client.retries import Attempts, Retry, quota, retry_after, shown_time
from ocilot.errors import NetworkError

MODULES = [
    "addresses",
    "challenges",
    "credentials.credential",
    "credentials.keys",
    "endpoints",
    "errors_of",
    "pages",
    "proxies",
    "referrers",
    "retries",
    "tls",
    "tokens",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_modules_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"ocilot.client.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


# Proxies


@pytest.mark.parametrize(
    ("no_proxy", "direct", "by_proxy"),
    [
        ("10.0.0.0/8", ["10.1.2.3"], ["11.1.2.3", "ten.example"]),
        ("[::1],[2001:db8::1]", ["2001:db8::1"], ["2001:db8::2"]),
        ("2001:db8::/32", ["2001:db8::5"], ["2001:db9::5"]),
        (".corp", ["r.corp", "a.b.corp"], ["corp", "xcorp"]),
        ("*.corp", ["r.corp"], ["corp"]),
        ("corp", ["corp", "r.corp"], ["xcorp"]),
        ("host:8443", ["host:8443"], ["host", "host:8444"]),
        ("[2001:db8::1]:8443", ["[2001:db8::1]:8443"], ["2001:db8::1"]),
        ("10.0.0.1:8443", ["10.0.0.1:8443"], ["10.0.0.1"]),
        ("*", ["anything", "10.1.2.3"], []),
        (" a.example , , B.Example ", ["a.example", "b.example"], ["c.example"]),
        ("", [], ["a.example"]),
        ("nonsense/33,10.0.0.0/99,a.example", ["a.example"], ["10.0.0.1"]),
        ("r.example.", ["r.example"], []),
    ],
)
def test_b15_no_proxy_is_read_as_curl_and_go_read_it(
    no_proxy: str, direct: list[str], by_proxy: list[str]
) -> None:
    proxies = Proxies.of({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": no_proxy})

    def proxy_for(host: str) -> str:
        name, port = (host, None) if host.count(":") > 1 and host[0] != "[" else split_port(host)
        return proxies.proxy_for(Origin("https", name, 443 if port is None else port))

    assert {host: proxy_for(host) for host in direct} == dict.fromkeys(direct, "")
    assert {host: proxy_for(host) for host in by_proxy} == dict.fromkeys(by_proxy, "http://proxy:3128")


def test_loopback_is_never_reached_through_a_proxy() -> None:
    proxies = Proxies.of({"ALL_PROXY": "http://proxy:3128"})
    for host in ("localhost", "127.0.0.1", "::1", "a.localhost"):
        assert proxies.proxy_for(Origin("http", host, 80)) == ""
    assert proxies.proxy_for(Origin("http", "r.example", 80)) == "http://proxy:3128"


def test_each_scheme_has_its_proxy() -> None:
    proxies = Proxies.of({"http_proxy": "one:1", "HTTPS_PROXY": "socks5://two:2"})
    assert proxies.proxy_for(Origin("http", "r.example", 80)) == "http://one:1"
    assert proxies.proxy_for(Origin("https", "r.example", 443)) == "socks5://two:2"


def test_a_cgi_program_takes_no_proxy_from_its_request() -> None:
    proxies = Proxies.of({"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil:1"})
    assert proxies.proxy_for(Origin("http", "r.example", 80)) == ""


@pytest.mark.parametrize("text", ["ftp://x", "http://", "http://x:99999", "http://[::1"])
def test_a_proxy_that_is_none_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(NetworkError, match="invalid proxy"):
        Proxies.of({"HTTPS_PROXY": text})


# Addresses


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("2002:a9fe:a9fe::1", "link-local"),
        ("fe80::1", "link-local"),
        ("fd00:ec2::254", "metadata service"),
        ("100.100.100.200", "metadata service"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("10.0.0.1", ""),
        ("192.168.1.1", ""),
        ("8.8.8.8", ""),
        ("2001:db8::1", ""),
    ],
)
def test_addresses_that_a_registry_may_not_name(address: str, kind: str) -> None:
    assert refused_kind(ipaddress.ip_address(address)) == kind


def test_the_registry_itself_may_be_anywhere_and_others_beside_it_on_loopback() -> None:
    AddressPolicy("169.254.1.1").check("169.254.1.1", "169.254.1.1")
    policy_for("localhost").check("other.test", "127.0.0.1")
    policy_for("r.example").check("other.test", "10.0.0.1")
    policy_for("r.example").check("R.example", "127.0.0.1")
    for policy, address in (
        ("localhost", "169.254.169.254"),
        ("r.example", "127.0.0.1"),
        ("10.0.0.1", "fe80::1%eth0"),
    ):
        with pytest.raises(AddressRefused):
            policy_for(policy).check("other.test", address)


def test_names_of_this_machine() -> None:
    assert all(
        map(is_loopback, ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
    )
    assert not any(map(is_loopback, ["localhost.example", "xlocalhost", "10.0.0.1", "", "128.0.0.1"]))


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a/", "http://", "http://a:b/", "http://a:99999/", "http://[::1/"]
)
def test_what_is_no_url_is_a_network_error(url: str) -> None:
    with pytest.raises(NetworkError, match="invalid URL"):
        origin_of(url)


# URLs that a registry names

PLAIN = Endpoint("r.example:5000", Origin("http", "r.example", 5000))
SECURE = Endpoint("r.example:8443", Origin("https", "r.example", 8443))
DEFAULT = Endpoint("r.example", Origin("https", "r.example", 443))


@pytest.mark.parametrize(
    ("endpoint", "told", "led"),
    [
        (SECURE, "/a?x=1", "https://r.example:8443/a?x=1"),
        (SECURE, "b", "https://r.example:8443/v2/b"),
        (SECURE, "//r.example:8443/a", "https://r.example:8443/a"),
        (SECURE, "http://r.example:8443/a", "https://r.example:8443/a"),
        (SECURE, "http://r.example/a", "https://r.example:8443/a"),
        (SECURE, "https://r.example/a", "https://r.example:8443/a"),
        (DEFAULT, "http://r.example/a", "https://r.example/a"),
        (DEFAULT, "https://r.example:443/a", "https://r.example:443/a"),
        (
            DEFAULT,
            "https://other.example/a?X-Amz-Signature=%2F",
            "https://other.example/a?X-Amz-Signature=%2F",
        ),
        (SECURE, "https://r.example:9000/a", "https://r.example:9000/a"),
        (PLAIN, "http://r.example/a", "http://r.example:5000/a"),
        (PLAIN, "https://r.example/a", "https://r.example/a"),
        (PLAIN, "http://other.example/a", "http://other.example/a"),
    ],
)
def test_b2_a_url_keeps_scheme_and_port_of_its_own_registry(endpoint: Endpoint, told: str, led: str) -> None:
    assert led_to(endpoint, f"{endpoint.origin}/v2/x", told) == led


@pytest.mark.parametrize(
    "told", ["http://other.example/a", "http://r.example:9000/a", "ftp://x/y", "http://[::1", "file:///x"]
)
def test_a_way_from_https_to_plain_http_is_refused(told: str) -> None:
    with pytest.raises(AddressRefused):
        led_to(SECURE, "https://r.example:8443/v2/x", told)


# Retries


def test_delays_grow_and_end() -> None:
    attempts = Attempts(Retry(attempts=4, first=1, longest=3), vary=lambda: 0.5)
    assert [attempts.next_delay() for _ in range(4)] == [1, 2, 3, None]


def test_a_registry_that_asks_for_time_gets_it_up_to_the_limit() -> None:
    assert Attempts(Retry(first=0.1), vary=lambda: 0.5).next_delay(3) == 3
    assert Attempts(Retry(first=0.1)).next_delay(61) is None
    assert Attempts(Retry(attempts=1)).next_delay(1) is None


def test_progress_gives_all_attempts_back() -> None:
    attempts = Attempts(Retry(attempts=2, first=1))
    assert attempts.next_delay() is not None
    attempts.progressed(1 << 19)
    assert attempts.next_delay() is None
    attempts.progressed(1 << 19)
    assert attempts.next_delay() is not None


@pytest.mark.parametrize(("seconds", "again"), [(59.9, False), (60.0, True)])
def test_b5_a_minute_of_progress_gives_all_attempts_back(seconds: float, again: bool) -> None:
    """Of a slow transfer, too: it need not be a MiB."""
    now = [1000.0]
    attempts = Attempts(Retry(attempts=2, first=1), clock=lambda: now[0])
    assert attempts.next_delay() is not None
    now[0] += seconds
    attempts.progressed(1)
    assert (attempts.next_delay() is not None) == again


def test_b5_time_before_the_first_interruption_is_no_progress_since() -> None:
    now = [1000.0]
    attempts = Attempts(Retry(attempts=2, first=1), clock=lambda: now[0])
    now[0] += 3600
    attempts.progressed(1)
    assert attempts.next_delay() is not None
    now[0] += 1
    attempts.progressed(1)
    assert attempts.next_delay() is None


def test_b5_time_without_a_byte_is_no_progress() -> None:
    now = [1000.0]
    attempts = Attempts(Retry(attempts=2, first=1), clock=lambda: now[0])
    assert attempts.next_delay() is not None
    now[0] += 3600
    attempts.progressed(0)
    assert attempts.next_delay() is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3),
        ("0", 0),
        ("1.5", 1.5),
        ("Sun, 06 Nov 1994 08:49:40 GMT", 3),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_b11_every_form_of_retry_after_is_read(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, now=784111777) == seconds


def test_b11_what_a_registry_tells_of_its_limit() -> None:
    assert quota({}) == ""
    assert quota({"ratelimit-remaining": "5"}) == "5 requests left"
    assert quota({"ratelimit-remaining": "soon"}) == ""
    assert [shown_time(seconds) for seconds in (5, 119, 120, 7200, 100_000)] == [
        "5 s",
        "119 s",
        "2 min",
        "2 h",
        "28 h",
    ]


def test_a_page_is_shortened_to_its_text() -> None:
    assert len(plain_text(b"<p>word</p>" * 1000)) == 80
    assert plain_text(b"a\x00\x1b[31m\xff\r\n b<script>x</script>") == "a[31m\ufffd b"
