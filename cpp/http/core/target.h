#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::http {

/// The parameters of a query, in order, percent-decoded. `+` stays a plus: media types and tags hold it, and
/// no parameter of the protocol holds a space.
class Query {
  public:
    /// bad_request for an escape that is none, or an escaped NUL.
    static Result<Query> parse(std::string_view text);
    /// The fields of a form (`application/x-www-form-urlencoded`), in which `+` is a space.
    static Result<Query> parse_form(std::string_view text);

    /// First value of a parameter (empty if it has no `=`); nullopt if absent.
    [[nodiscard]] std::optional<std::string_view> first(std::string_view name) const noexcept;
    /// All values of a parameter, in order.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    /// All of them, in order.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& parameters() const noexcept {
        return parameters_;
    }

  private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

/// What a request is sent to: `/v2/name/tags/list?n=5`.
struct Target {
    std::string path;  ///< percent-decoded once
    Query query;
    bool has_escaped_slash = false;  ///< the path as sent has `%2F`

    /// Takes origin form (`/v2/`) and `*`: the parser of the head has made one of the others. name_invalid
    /// for a path with an escape that is none or an escaped NUL, which no repository name can hold;
    /// bad_request for a target of another form or a bad query.
    static Result<Target> parse(std::string_view target);
    /// name_invalid for an escaped slash, which no client of the protocol sends. Clients that are made from
    /// the OpenAPI document send the slashes of a name so.
    [[nodiscard]] Result<> refuse_escaped_slash() const;
    /// Makes several slashes in a row one.
    void collapse_slashes();
};

/// The path of a target as sent: without query, not decoded.
[[nodiscard]] std::string_view raw_path(std::string_view target) noexcept;
/// The query of a target as sent, without its question mark.
[[nodiscard]] std::string_view raw_query(std::string_view target) noexcept;

/// Appends `value` for a query: everything but RFC 3986's unreserved characters, `/` and `:` as `%XX`.
void append_query_value(std::string& out, std::string_view value);

}  // namespace ocilot::http
