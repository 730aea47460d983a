#include "net/url.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace ocilot::net {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

Error unusable(std::string_view why) {
    return {Errc::bad_request, fmt::format("invalid URL: {}", why)};
}

char lower(char c) noexcept {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

bool is_host_character(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
Result<> take_authority(std::string_view text, Url& url) {
    if (text.find('@') != std::string_view::npos) return unusable("it contains a user name");
    auto const closing = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    auto const colon = text.find(':', closing == std::string_view::npos ? 0 : closing);
    auto const host = text.substr(0, colon);
    if (closing != std::string_view::npos) {
        url.host = lowered(host.substr(1, closing - 1));
        boost::system::error_code malformed;
        boost::asio::ip::make_address_v6(url.host, malformed);
        // Nor a zone (`fe80::1%eth0`), which may hold any characters.
        if (malformed || url.host.find('%') != std::string::npos || host.size() != closing + 1)
            return unusable("the host is not an IPv6 address");
    } else {
        url.host = lowered(host);
        if (host.empty() || !std::ranges::all_of(host, is_host_character)) {
            return unusable("the host is neither a name nor an address");
        }
    }
    url.port = url.tls ? https_port : http_port;
    if (colon == std::string_view::npos) return {};
    auto const port = parse_port(text.substr(colon + 1));
    if (!port) return unusable("the port is not a number from 1 to 65535");
    url.port = *port;
    return {};
}

}  // namespace

std::string Url::authority() const {
    auto whole = host_and_port();
    if (port == (tls ? https_port : http_port)) whole.resize(whole.rfind(':'));
    return whole;
}

std::string Url::host_and_port() const {
    if (host.find(':') == std::string::npos) return fmt::format("{}:{}", host, port);
    return fmt::format("[{}]:{}", host, port);
}

std::string Url::origin() const {
    return fmt::format("{}://{}", tls ? "https" : "http", authority());
}

std::string Url::text() const {
    return origin() + target;
}

std::string Url::shown() const {
    return origin() + target.substr(0, target.find('?'));
}

bool Url::same_origin(Url const& other) const noexcept {
    return tls == other.tls && port == other.port && host == other.host;
}

bool Url::is_loopback() const noexcept {
    if (host == "localhost") return true;
    boost::system::error_code name;
    auto const address = boost::asio::ip::make_address(host, name);
    return !name && address.is_loopback();
}

Result<Url> parse_url(std::string_view text) {
    if (text.size() > longest_url) return unusable("too long");
    if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; })) {
        return unusable("it contains invalid characters");
    }
    text = text.substr(0, text.find('#'));
    auto const scheme = text.find("://");
    auto const name = lowered(text.substr(0, scheme == std::string_view::npos ? 0 : scheme));
    if (name != "http" && name != "https") return unusable("it starts with neither http:// nor https://");
    Url url;
    url.tls = name == "https";
    auto const rest = text.substr(scheme + 3);
    auto const path = rest.find_first_of("/?");
    CHECK(take_authority(rest.substr(0, path), url));
    auto const target = path == std::string_view::npos ? std::string_view() : rest.substr(path);
    url.target = target.starts_with('/') ? std::string(target) : fmt::format("/{}", target);
    return url;
}

Result<Url> resolve_url(Url const& base, std::string_view reference) {
    auto const scheme = base.tls ? "https" : "http";
    auto const colon = reference.find(':');
    bool const has_scheme = colon != std::string_view::npos && colon < reference.find_first_of("/?#");
    if (has_scheme) return parse_url(reference);
    if (reference.starts_with("//")) return parse_url(fmt::format("{}:{}", scheme, reference));
    auto const origin = fmt::format("{}://{}", scheme, base.authority());
    if (reference.starts_with('/')) return parse_url(origin + std::string(reference));
    auto const path = std::string_view(base.target).substr(0, base.target.find('?'));
    if (reference.starts_with('?')) return parse_url(fmt::format("{}{}{}", origin, path, reference));
    return parse_url(fmt::format("{}{}{}", origin, path.substr(0, path.rfind('/') + 1), reference));
}

}  // namespace ocilot::net
