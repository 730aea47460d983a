#include "http/core/target.h"

#include "http/core/header.h"

#include <algorithm>
#include <array>

namespace ocilot::http {

namespace {

constexpr std::string_view bad_escape =
    "invalid percent-encoding in the URL: expected two hexadecimal digits, and no escaped slash or NUL; "
    "encode a percent sign as %25";

int digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Decodes percent escapes once; nullopt for a bad one, or one that hides NUL.
std::optional<std::string> decode(std::string_view text) {
    if (text.find('%') == std::string_view::npos) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        auto const high = digit(text[i + 1]);
        auto const low = digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        auto const byte = static_cast<char>(high * 16 + low);
        if (byte == '\0') return std::nullopt;
        out.push_back(byte);
        i += 2;
    }
    return out;
}

}  // namespace

Result<Query> Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        auto parameter = cut(text, '&');
        if (parameter.empty()) continue;
        auto name = decode(cut(parameter, '='));
        auto value = decode(parameter);
        if (!name || !value) return Error{Errc::bad_request, std::string(bad_escape)};
        query.parameters_.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

Result<Query> Query::parse_form(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');  // A plus that is meant is escaped.
    return parse(spaced);
}

std::optional<std::string_view> Query::first(std::string_view name) const noexcept {
    auto const found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](auto const& parameter) { return parameter.first == name; });
    if (found == parameters_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (auto const& [key, value] : parameters_) {
        if (key == name) values.push_back(value);
    }
    return values;
}

Result<Target> Target::parse(std::string_view target) {
    auto rest = target;
    auto const raw = cut(rest, '?');
    auto path = decode(raw);
    if (!path) return Error{Errc::name_invalid, std::string(bad_escape)};
    if (!path->starts_with('/') && *path != "*") {
        return Error{Errc::bad_request, "invalid request target: expected a path that starts with a slash"};
    }
    TRY(auto query, Query::parse(rest));
    bool const escaped = raw.find("%2F") != raw.npos || raw.find("%2f") != raw.npos;
    return Target{std::move(*path), std::move(query), escaped};
}

Result<> Target::refuse_escaped_slash() const {
    if (has_escaped_slash) return Error{Errc::name_invalid, std::string(bad_escape)};
    return {};
}

void Target::collapse_slashes() {
    auto const end =
        std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; });
    path.erase(end, path.end());
}

std::string_view raw_path(std::string_view target) noexcept {
    return cut(target, '?');
}

std::string_view raw_query(std::string_view target) noexcept {
    (void)cut(target, '?');
    return target;
}

void append_query_value(std::string& out, std::string_view value) {
    static constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:";
    static constexpr std::string_view digits = "0123456789ABCDEF";
    for (auto const c : value) {
        if (plain.find(c) != std::string_view::npos) {
            out.push_back(c);
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
}

}  // namespace ocilot::http
