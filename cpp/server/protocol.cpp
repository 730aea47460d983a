#include "server/protocol.h"

#include "http/core/errors.h"
#include "http/routes.h"

namespace ocilot::server {

namespace {

/// Every code that reaches a client: those after it never do.
std::vector<Errc> codes() {
    std::vector<Errc> all;
    for (unsigned i = 0; i <= static_cast<unsigned>(Errc::internal); ++i) all.push_back(static_cast<Errc>(i));
    return all;
}

void add_fields(EndpointRow& row, std::string_view place, std::span<http::Field const> fields) {
    for (auto const& field : fields) {
        row.accepts.emplace_back(place, field.name, field.required, field.meaning);
    }
}

EndpointRow row(http::Endpoint const& endpoint, http::Verb const& verb) {
    EndpointRow out;
    out.name = endpoint.name;
    out.pattern = endpoint.pattern;
    out.method = http::to_string(verb.method);
    if (verb.action) out.action = policy::to_string(*verb.action);
    out.purpose = verb.purpose;
    for (auto const& success : verb.successes) {
        if (success.status != 0) out.successes.emplace_back(success.status, success.meaning);
    }
    for (auto const code : codes()) {
        if (verb.errors.has(code)) out.errors.emplace_back(to_string(code));
    }
    if (!verb.operation) return out;
    if (verb.operation->item != nullptr) add_fields(out, "path", {verb.operation->item, 1});
    add_fields(out, "query", verb.operation->query);
    if (verb.operation->body != nullptr) add_fields(out, "body", http::fields_of(*verb.operation->body));
    return out;
}

}  // namespace

std::vector<EndpointRow> protocol_endpoints() {
    std::vector<EndpointRow> rows;
    auto const routes = http::all_routes();
    for (auto const& endpoint : routes.endpoints()) {
        for (auto const& verb : endpoint.verbs) rows.push_back(row(endpoint, verb));
    }
    return rows;
}

std::vector<ErrorRow> protocol_errors() {
    std::vector<ErrorRow> rows;
    for (auto const code : codes()) {
        auto const& row = http::error_row(code);
        rows.push_back({std::string(to_string(code)), row.status, std::string(row.oci_code),
                        std::string(row.message), http::common_errors().has(code)});
    }
    return rows;
}

}  // namespace ocilot::server
