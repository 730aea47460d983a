#include "http/api/openapi_schemas.h"

#include <nlohmann/json.hpp>
#include <string>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

std::string_view type_name(Schema::Type type) noexcept {
    switch (type) {
        case Schema::Type::integer:
            return "integer";
        case Schema::Type::number:
            return "number";
        case Schema::Type::flag:
            return "boolean";
        case Schema::Type::object:
            return "object";
        case Schema::Type::list:
            return "array";
        default:
            return "string";
    }
}

Json text_schema(Schema const& schema) {
    Json document{{"type", "string"}};
    if (!schema.format.empty()) document["format"] = schema.format;
    if (!schema.pattern.empty()) document["pattern"] = schema.pattern;
    if (!schema.choices.empty()) document["enum"] = schema.choices;
    return document;
}

/// The same, or null.
Json or_null_of(Json document) {
    if (document.contains("$ref")) return {{"anyOf", {std::move(document), {{"type", "null"}}}}};
    document["type"] = {document["type"], "null"};
    if (document.contains("enum")) document["enum"].push_back(nullptr);
    return document;
}

}  // namespace

OpenApiSchemas::OpenApiSchemas() : named_(std::make_unique<Json>(Json::object())) {}
OpenApiSchemas::~OpenApiSchemas() = default;

Json const& OpenApiSchemas::named() const noexcept {
    return *named_;
}

Json OpenApiSchemas::of(Schema const& schema) {
    auto plain = schema;
    plain.nullable = false;
    auto document = written_out(plain);
    if (!schema.name.empty()) {
        std::string const name(schema.name);
        (*named_)[name] = std::move(document);
        document = {{"$ref", "#/components/schemas/" + name}};
    }
    return schema.nullable ? or_null_of(std::move(document)) : document;
}

Json OpenApiSchemas::written_out(Schema const& schema) {
    switch (schema.type) {
        case Schema::Type::anything:
            return Json::object();
        case Schema::Type::text:
            return text_schema(schema);
        case Schema::Type::integer:
            return {{"type", "integer"}, {"minimum", schema.least}, {"maximum", schema.most}};
        case Schema::Type::list:
            return {{"type", "array"},
                    {"items", schema.items == nullptr ? Json::object() : of(*schema.items)}};
        case Schema::Type::object:
            return object(schema);
        default:
            return {{"type", type_name(schema.type)}};
    }
}

Json OpenApiSchemas::object(Schema const& schema) {
    Json document{{"type", "object"}};
    if (schema.items != nullptr) document["additionalProperties"] = of(*schema.items);
    if (schema.closed) document["additionalProperties"] = false;
    if (schema.fields == nullptr) return document;
    auto properties = Json::object();
    auto required = Json::array();
    for (auto const& field : fields_of(schema)) {
        auto value = of(field.schema);
        if (!field.meaning.empty()) value["description"] = field.meaning;
        properties[std::string(field.name)] = std::move(value);
        if (field.required) required.push_back(field.name);
    }
    document["properties"] = std::move(properties);
    if (!required.empty()) document["required"] = std::move(required);
    return document;
}

}  // namespace ocilot::http
