#include "http/core/json.h"

#include "base/log.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::http {

namespace {

void append_name(std::string& out, std::string_view name) {
    out += '"';
    out += name;
    out += "\":";
}

}  // namespace

void append_member(std::string& out, std::string_view name, std::string_view value) {
    append_name(out, name);
    append_json_string(out, value);
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
    append_name(out, name);
    out += fmt::format_int(value).c_str();
}

void append_list(std::string& out, std::vector<std::string> const& texts) {
    out += '[';
    bool first = true;
    for (auto const& text : texts) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, text);
    }
    out += ']';
}

}  // namespace ocilot::http
