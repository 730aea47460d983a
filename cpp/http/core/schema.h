#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace ocilot::http {

struct Field;

/// What a value in a body, a query or a path is, as data: the OpenAPI document is made of it.
struct Schema {
    enum class Type : std::uint8_t { text, integer, number, flag, object, list, anything };

    Type type = Type::text;
    std::string_view name = {};                      ///< of a schema that the document has once: `Account`
    std::string_view format = {};                    ///< of a text, as OpenAPI names it: `date-time`
    std::string_view pattern = {};                   ///< of a text
    std::span<std::string_view const> choices = {};  ///< of a text: all that it may be; empty: anything
    std::int64_t least = 0;                          ///< of an integer
    std::int64_t most = std::numeric_limits<std::int64_t>::max();  ///< of an integer
    Schema const* items = nullptr;  ///< of a list, or of the values of an open object
    Field const* fields = nullptr;  ///< of an object; null: any
    std::size_t field_count = 0;
    bool closed = false;  ///< of an object: other members are refused
    bool nullable = false;
};

/// A member of an object, or a parameter.
struct Field {
    std::string_view name;
    Schema schema;
    std::string_view meaning = {};
    bool required = true;
};

/// The members of an object.
[[nodiscard]] constexpr std::span<Field const> fields_of(Schema const& schema) noexcept {
    return {schema.fields, schema.field_count};
}

constexpr Field optional(Field field) noexcept {
    field.required = false;
    return field;
}

/// Schemas that several resources have, and how to make others.
namespace schema {

using enum Schema::Type;

inline constexpr Schema any_text{};
inline constexpr Schema count{.type = integer};
inline constexpr Schema id{.type = integer, .least = 1};
inline constexpr Schema seconds{.type = number};
inline constexpr Schema boolean{.type = flag};
inline constexpr Schema any_object{.type = object};
inline constexpr Schema time{.format = "date-time"};
inline constexpr Schema digest{.pattern = "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"};
inline constexpr Schema tag{.pattern = "^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$"};
inline constexpr Schema repository{
    .pattern = "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*$"};

constexpr Schema or_null(Schema schema) noexcept {
    schema.nullable = true;
    return schema;
}

constexpr Schema one_of(std::span<std::string_view const> choices) noexcept {
    return {.choices = choices};
}

constexpr Schema list_of(Schema const& items) noexcept {
    return {.type = list, .items = &items};
}

/// An object whose members have any name, and values like this.
constexpr Schema map_of(Schema const& values) noexcept {
    return {.type = object, .items = &values};
}

template <std::size_t count>
constexpr Schema object_of(std::string_view name, Field const (&fields)[count]) noexcept {
    return {.type = object, .name = name, .fields = fields, .field_count = count};
}

/// The body of a request: a member that is not declared is refused.
template <std::size_t count>
constexpr Schema body_of(std::string_view name, Field const (&fields)[count]) noexcept {
    auto schema = object_of(name, fields);
    schema.closed = true;
    return schema;
}

}  // namespace schema

}  // namespace ocilot::http
