#include "net/proxy_rules.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>

namespace ocilot::net {

namespace {

constexpr std::string_view https_setting = "HTTPS_PROXY";
constexpr std::string_view http_setting = "HTTP_PROXY";

Error invalid_proxy(std::string_view setting, std::string_view why) {
    return {Errc::config,
            fmt::format("invalid {}: {}; expected a proxy such as http://proxy.example:3128, with "
                        "user:password@ before the host if it asks for credentials",
                        setting, why)};
}

int digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    auto const lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        int const high = digit(text[i + 1]);
        int const low = digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned value = 0;
    int bits = 0;
    for (char const c : bytes) {
        value = (value << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) out += letters[(value >> (bits - 6)) & 63];
    }
    if (bits > 0) out += letters[(value << (6 - bits)) & 63];
    while (out.size() % 4 != 0) out += '=';
    return out;
}

/// `user:password`, each percent-encoded, as the value of a header.
std::optional<std::string> basic(std::string_view credentials) {
    auto const colon = credentials.find(':');
    auto const user = percent_decoded(credentials.substr(0, colon));
    auto const password =
        percent_decoded(colon == std::string_view::npos ? std::string_view() : credentials.substr(colon + 1));
    if (!user || !password || user->find(':') != std::string::npos) return std::nullopt;
    return "Basic " + base64(*user + ":" + *password);
}

Result<std::optional<Proxy>> parse_proxy(std::string_view setting, std::string_view text) {
    if (text.empty()) return std::optional<Proxy>();
    auto const scheme = text.find("://");
    if (scheme != std::string_view::npos) {
        std::string name(text.substr(0, scheme));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        if (name != "http") return invalid_proxy(setting, "only proxies over plain http are supported");
        text.remove_prefix(scheme + 3);
    }
    text = text.substr(0, text.find_first_of("/?#"));
    Proxy proxy;
    if (auto const at = text.rfind('@'); at != std::string_view::npos) {
        auto const authorization = basic(text.substr(0, at));
        if (!authorization)
            return invalid_proxy(setting, "its credentials are not percent-encoded correctly");
        proxy.authorization = *authorization;
        text.remove_prefix(at + 1);
    }
    auto const url = parse_url(fmt::format("http://{}", text));
    if (url.has_error()) return invalid_proxy(setting, "its host or port is malformed");
    proxy.host = url->host;
    proxy.port = url->port;
    return std::optional<Proxy>(std::move(proxy));
}

bool is_separator(char c) noexcept {
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Takes a `:port` off the end; false if there is one that is none.
bool take_port(std::string_view& text, std::uint16_t& port) {
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']')) return true;
    auto const* const end = text.data() + text.size();
    auto const [at, failed] = std::from_chars(text.data() + colon + 1, end, port);
    text = text.substr(0, colon);
    return failed == std::errc{} && at == end && port != 0;
}

}  // namespace

ProxyRules::Settings ProxyRules::settings_from(Environment const& environment) {
    auto const first = [&](char const* lower, char const* upper) {
        auto value = environment(lower);
        return value.empty() ? environment(upper) : value;
    };
    bool const cgi = !environment("REQUEST_METHOD").empty();
    return {.https = first("https_proxy", "HTTPS_PROXY"),
            .http = cgi ? environment("http_proxy") : first("http_proxy", "HTTP_PROXY"),
            .none = first("no_proxy", "NO_PROXY")};
}

Result<ProxyRules> ProxyRules::parse(Settings const& settings) {
    ProxyRules rules;
    TRY(rules.https_, parse_proxy(https_setting, settings.https));
    TRY(rules.http_, parse_proxy(http_setting, settings.http));
    std::string_view rest = settings.none;
    while (!rest.empty()) {
        auto const* const end = std::ranges::find_if(rest, is_separator);
        auto const size = static_cast<std::size_t>(end - rest.begin());
        if (size > 0) {
            CHECK(rules.add_exception(rest.substr(0, size)));
        }
        rest.remove_prefix(std::min(rest.size(), size + 1));
    }
    TRY(rules.networks_, Networks::parse(rules.network_texts_));
    return rules;
}

Result<> ProxyRules::add_exception(std::string_view text) {
    Error const invalid{
        Errc::config,
        fmt::format("invalid entry \"{}\" in NO_PROXY: expected a host such as example.com, "
                    ".example.com or example.com:8443, an address, or a network such as 10.0.0.0/8",
                    text)};
    if (text.find('/') != std::string_view::npos || Networks::is_address(text)) {
        if (Networks::parse({std::string(text)}).has_error()) return invalid;
        network_texts_.emplace_back(text);
        return {};
    }
    Exception exception;
    if (!take_port(text, exception.port)) return invalid;
    if (text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
        if (!Networks::is_address(text)) return invalid;
        if (exception.port == 0) {
            network_texts_.emplace_back(text);
            return {};
        }
    }
    if (text.starts_with("*.")) text.remove_prefix(1);
    exception.below = text.starts_with('.');
    if (exception.below) text.remove_prefix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text != "*") {
        // Reads the name as that of a URL, so that both are written alike.
        auto const bracketed = text.find(':') == std::string_view::npos ? "http://{}" : "http://[{}]";
        auto const url = parse_url(fmt::format(fmt::runtime(bracketed), text));
        if (url.has_error() || url->authority().size() < text.size() || url->target != "/") return invalid;
        exception.name = url->host;
    } else if (exception.below) {
        return invalid;
    }
    exceptions_.push_back(std::move(exception));
    return {};
}

bool ProxyRules::excepts(Url const& url) const {
    if (networks_.contains(url.host)) return true;
    return std::ranges::any_of(exceptions_, [&](Exception const& exception) {
        if (exception.port != 0 && exception.port != url.port) return false;
        if (exception.name.empty()) return true;
        std::string_view host = url.host;
        if (host.ends_with('.')) host.remove_suffix(1);
        if (host == exception.name) return !exception.below;
        if (!host.ends_with(exception.name)) return false;
        return host[host.size() - exception.name.size() - 1] == '.' && !Networks::is_address(host);
    });
}

Proxy const* ProxyRules::find(Url const& url) const {
    auto const& proxy = url.tls ? https_ : http_;
    if (!proxy || url.is_loopback() || excepts(url)) return nullptr;
    return &*proxy;
}

}  // namespace ocilot::net
