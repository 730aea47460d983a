#pragma once

#include "http/core/header.h"
#include "http/core/message.h"

#include <string>
#include <string_view>

namespace ocilot::fuzz {

/// A request that has header `name` once for each line of `input`.
inline http::Request with_lines(std::string_view name, std::string_view input) {
    http::Request request;
    while (!input.empty()) request.headers.emplace_back(name, http::cut(input, '\n'));
    return request;
}

/// The same header as one line, as a proxy may make of it (RFC 9110 §5.3).
inline std::string joined(http::Request const& request) {
    std::string out;
    for (auto const& line : request.headers) {
        if (!out.empty()) out += ", ";
        out += line.second;
    }
    return out;
}

}  // namespace ocilot::fuzz
