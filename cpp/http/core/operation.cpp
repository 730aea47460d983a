#include "http/core/operation.h"

#include "base/quote.h"
#include "http/core/target.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace ocilot::http {

namespace {

std::string joined(auto const& words) {
    std::string out;
    for (std::string_view const word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

Error unknown_parameter(Operation const& operation, std::string_view name) {
    if (operation.query.empty()) {
        return {Errc::bad_request,
                fmt::format("unknown parameter {}: this request accepts none", quote(name))};
    }
    std::vector<std::string_view> known;
    for (auto const& field : operation.query) known.push_back(field.name);
    return {Errc::bad_request,
            fmt::format("unknown parameter {}: expected one of {}", quote(name), joined(known))};
}

Result<> check_choice(Field const& field, std::string_view value) {
    auto const& choices = field.schema.choices;
    if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return {};
    return Error{Errc::bad_request, fmt::format("invalid parameter {} {}: expected one of {}", field.name,
                                                quote(value), joined(choices))};
}

}  // namespace

Result<> check_parameters(Operation const& operation, Query const& query) {
    auto const& given = query.parameters();
    for (auto const& [name, value] : given) {
        auto const field = std::ranges::find(operation.query, name, &Field::name);
        if (field == operation.query.end()) return unknown_parameter(operation, name);
        bool const repeatable = field->schema.type == Schema::Type::list;
        if (!repeatable && query.all(name).size() > 1) {
            return Error{Errc::bad_request,
                         fmt::format("parameter {} is repeated: expected one value", field->name)};
        }
        CHECK(check_choice(*field, value));
    }
    for (auto const& field : operation.query) {
        if (field.required && !query.first(field.name)) {
            return Error{Errc::bad_request, fmt::format("missing parameter {}", field.name)};
        }
    }
    return {};
}

}  // namespace ocilot::http
