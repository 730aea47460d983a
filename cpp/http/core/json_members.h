#pragma once

#include "base/result.h"
#include "base/task.h"
#include "http/core/message.h"

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::http {

/// The members of a JSON object that a client sent, each to be taken once. What is left over at the end is an
/// error: a member that nobody knows is never passed over, since it may be a misspelt restriction.
class JsonMembers {
  public:
    /// Reads the body: `application/json`, at most 64 KiB, an object with no member twice. bad_request or
    /// body_too_large.
    static Task<Result<JsonMembers>> of_body(Request const& request);
    JsonMembers(JsonMembers&&) noexcept;
    JsonMembers& operator=(JsonMembers&&) noexcept;
    ~JsonMembers();

    /// nullopt if the member is not there; bad_request if it is of another type.
    Result<std::optional<std::string>> text(std::string_view name);
    /// The same with `null` for an empty text, and an empty text refused: an empty variable in a script is
    /// not meant to take a password away.
    Result<std::optional<std::string>> text_or_null(std::string_view name);
    Result<std::optional<bool>> flag(std::string_view name);
    Result<std::optional<std::int64_t>> number(std::string_view name);
    Result<std::optional<std::vector<std::string>>> texts(std::string_view name);
    /// A member of any type as JSON again, for a part that parses its own documents.
    std::optional<std::string> json(std::string_view name);
    /// All that is left as a JSON object, for the same.
    std::string rest();
    /// The text of a member that has to be there.
    Result<std::string> required_text(std::string_view name);
    /// bad_request if a member is left that was not taken.
    [[nodiscard]] Result<> reject_unknown() const;

  private:
    explicit JsonMembers(nlohmann::json object);
    [[nodiscard]] std::unique_ptr<nlohmann::json> take(std::string_view name);

    std::unique_ptr<nlohmann::json> object_;
};

}  // namespace ocilot::http
