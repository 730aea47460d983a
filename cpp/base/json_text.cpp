#include "base/json_text.h"

#include "base/log.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot {

namespace {

void append_name(std::string& out, std::string_view name) {
    out += '"';
    out += name;
    out += "\":";
}

void append_number(std::string& out, std::uint64_t value) {
    fmt::format_int const digits(value);
    out.append(digits.data(), digits.size());
}

}  // namespace

void append_member(std::string& out, std::string_view name, std::string_view value) {
    append_name(out, name);
    append_json_string(out, value);
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
    append_name(out, name);
    append_number(out, value);
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

JsonObject::JsonObject(std::string& out) : out_(out) {
    out_ += '{';
}

std::string& JsonObject::value_of(std::string_view name) {
    if (!std::exchange(first_, false)) out_ += ',';
    append_name(out_, name);
    return out_;
}

void JsonObject::add(std::string_view name, std::string_view value) {
    append_json_string(value_of(name), value);
}

void JsonObject::add(std::string_view name, std::uint64_t value) {
    append_number(value_of(name), value);
}

void JsonObject::add(std::string_view name, std::vector<std::string> const& texts) {
    append_list(value_of(name), texts);
}

void JsonObject::add_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
}

void JsonObject::end() {
    out_ += '}';
}

}  // namespace ocilot
