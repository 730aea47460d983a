#include "http/api/openapi_document.h"

#include "http/api/openapi_schemas.h"
#include "http/core/errors.h"
#include "http/core/route.h"

#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view api_root = "/api/v1/";

constexpr Field name_field{"name", schema::repository,
                           "Name of the repository. Its slashes are sent as they are, or as `%2F`."};
constexpr Field no_form{"Ocilot-Request", schema::any_text,
                        "Any value: no web page can send this header by itself."};

constexpr Field error_fields[] = {
    {"code", schema::any_text, "Code of the OCI distribution specification, or one like these."},
    {"message", schema::any_text, "A sentence, whose words may change."},
    optional({"detail", schema::any_text, "What the error is about."})};
constexpr Schema error_schema = schema::object_of("Error", error_fields);
constexpr Field errors_fields[] = {{"errors", schema::list_of(error_schema)}};
constexpr Schema errors_schema = schema::object_of("Errors", errors_fields);

/// `<name>` and `<item>` as OpenAPI writes them.
std::string path_of(Endpoint const& endpoint, Operation const& operation) {
    std::string path(endpoint.pattern);
    auto const replace = [&path](std::string_view mark, std::string_view name) {
        if (auto const at = path.find(mark); at != std::string::npos)
            path.replace(at, mark.size(), fmt::format("{{{}}}", name));
    };
    replace("<name>", name_field.name);
    if (operation.item != nullptr) replace("<item>", operation.item->name);
    return path;
}

Json parameter_of(Field const& field, std::string_view place, OpenApiSchemas& schemas) {
    return {{"name", field.name},
            {"in", place},
            {"required", field.required},
            {"description", field.meaning},
            {"schema", schemas.of(field.schema)}};
}

Json parameters_of(Endpoint const& endpoint, Verb const& verb, OpenApiSchemas& schemas) {
    auto const& operation = *verb.operation;
    auto list = Json::array();
    if (endpoint.shape.has_name) list.push_back(parameter_of(name_field, "path", schemas));
    if (operation.item != nullptr) list.push_back(parameter_of(*operation.item, "path", schemas));
    for (auto const& field : operation.query) list.push_back(parameter_of(field, "query", schemas));
    bool const is_form_like = verb.method == Method::post && operation.body == nullptr;
    if (is_form_like) list.push_back(parameter_of(no_form, "header", schemas));
    return list;
}

Json content_of(Schema const& schema, OpenApiSchemas& schemas) {
    return {{"application/json", {{"schema", schemas.of(schema)}}}};
}

/// Statuses with the errors that have them: common ones, and those of a verb.
std::map<unsigned, std::vector<Errc>> errors_by_status(Errors const& errors) {
    std::map<unsigned, std::vector<Errc>> found;
    for (unsigned i = 0; i <= static_cast<unsigned>(Errc::internal); ++i) {
        auto const code = static_cast<Errc>(i);
        if (errors.has(code)) found[error_row(code).status].push_back(code);
    }
    return found;
}

Json error_answer(std::vector<Errc> const& codes, OpenApiSchemas& schemas) {
    std::string text;
    for (auto const code : codes) {
        auto const& row = error_row(code);
        if (!text.empty()) text += "; ";
        text += fmt::format("`{}`: {}", row.oci_code, row.message);
    }
    return {{"description", text + '.'}, {"content", content_of(errors_schema, schemas)}};
}

std::string shared_answer(unsigned status) {
    return fmt::format("Error{}", status);
}

Json responses_of(Verb const& verb, OpenApiSchemas& schemas) {
    Json const stream_schema{{"schema", {{"type", "string"}}}};
    auto responses = Json::object();
    for (auto const& success : verb.successes) {
        if (success.status == 0) continue;
        Json answer{{"description", success.meaning}};
        if (success.body != nullptr) answer["content"] = content_of(*success.body, schemas);
        if (!success.stream.empty()) answer["content"][std::string(success.stream)] = stream_schema;
        responses[std::to_string(success.status)] = std::move(answer);
    }
    auto own = errors_by_status(verb.errors);
    for (auto const& [status, codes] : errors_by_status(common_errors())) {
        auto const found = own.find(status);
        if (found == own.end()) {
            responses[std::to_string(status)] = {{"$ref", "#/components/responses/" + shared_answer(status)}};
            continue;
        }
        auto all = codes;
        for (auto const code : found->second) {
            if (!common_errors().has(code)) all.push_back(code);
        }
        found->second = std::move(all);
    }
    for (auto const& [status, codes] : own) responses[std::to_string(status)] = error_answer(codes, schemas);
    return responses;
}

/// The first sentence.
std::string_view summary_of(std::string_view purpose) noexcept {
    auto const end = purpose.find(". ");
    auto const sentence = purpose.substr(0, end);
    return end == purpose.npos && sentence.ends_with('.') ? sentence.substr(0, sentence.size() - 1)
                                                          : sentence;
}

/// The first segment of a path below the API.
std::string_view group_of(std::string_view pattern) noexcept {
    pattern.remove_prefix(api_root.size());
    return pattern.substr(0, pattern.find_first_of("/."));
}

std::string_view lower_case(Method method) noexcept {
    switch (method) {
        case Method::put:
            return "put";
        case Method::post:
            return "post";
        case Method::patch:
            return "patch";
        case Method::del:
            return "delete";
        default:
            return "get";
    }
}

Json operation_of(Endpoint const& endpoint, Verb const& verb, OpenApiSchemas& schemas) {
    auto const method = lower_case(verb.method);
    Json document{{"operationId", fmt::format("{}_{}", method, endpoint.name)},
                  {"tags", Json::array({group_of(endpoint.pattern)})},
                  {"summary", summary_of(verb.purpose)},
                  {"description", verb.purpose}};
    if (verb.action) {
        document["x-right"] = policy::to_string(*verb.action);
    } else {
        document["security"] = Json::array();
    }
    document["parameters"] = parameters_of(endpoint, verb, schemas);
    if (verb.operation->body != nullptr) {
        document["requestBody"] = {{"required", true},
                                   {"content", content_of(*verb.operation->body, schemas)}};
    }
    document["responses"] = responses_of(verb, schemas);
    return document;
}

Json shared_answers(OpenApiSchemas& schemas) {
    auto answers = Json::object();
    for (auto const& [status, codes] : errors_by_status(common_errors()))
        answers[shared_answer(status)] = error_answer(codes, schemas);
    return answers;
}

Json components_of(OpenApiSchemas& schemas) {
    auto responses = shared_answers(schemas);
    return {{"schemas", schemas.named()},
            {"responses", std::move(responses)},
            {"securitySchemes",
             {{"basic",
               {{"type", "http"}, {"scheme", "basic"}, {"description", "Name and password, or a token."}}},
              {"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}};
}

}  // namespace

std::string openapi_document(std::span<Endpoint const> endpoints) {
    OpenApiSchemas schemas;
    auto paths = Json::object();
    for (auto const& endpoint : endpoints) {
        if (!endpoint.pattern.starts_with(api_root)) continue;
        for (auto const& verb : endpoint.verbs) {
            if (!verb.operation) continue;  // A test refuses such a row.
            paths[path_of(endpoint, *verb.operation)][std::string(lower_case(verb.method))] =
                operation_of(endpoint, verb, schemas);
        }
    }
    Json document{{"openapi", "3.1.0"},
                  {"info",
                   {{"title", "ocilot administration API"},
                    {"version", "1"},
                    {"description",
                     "Administers a registry: accounts, tokens, repositories, jobs and what is stored."}}},
                  {"security", {{{"basic", Json::array()}}, {{"bearer", Json::array()}}}},
                  {"paths", std::move(paths)}};
    document["components"] = components_of(schemas);
    return document.dump().substr(1);
}

}  // namespace ocilot::http
