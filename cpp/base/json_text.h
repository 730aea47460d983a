#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot {

// JSON is written straight into one text: a document in memory would cost a hot path more than all else. What
// is not UTF-8 is replaced by U+FFFD.

/// How many bytes a text starts with that a JSON string holds as they are: printable ASCII without `"` and
/// `\`.
[[nodiscard]] std::size_t plain_in_json(std::string_view text) noexcept;

/// Appends `"name":"value"`; `name` needs no escapes.
void append_member(std::string& out, std::string_view name, std::string_view value);
/// Appends `"name":value`.
void append_member(std::string& out, std::string_view name, std::uint64_t value);
/// Appends `["one","two"]`.
void append_list(std::string& out, std::vector<std::string> const& texts);

/// Appends an object, member by member.
class JsonObject {
  public:
    explicit JsonObject(std::string& out);

    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, std::uint64_t value);
    /// No text: that would turn into one, too.
    void add(std::string_view name, std::same_as<bool> auto value) {
        value_of(name) += value ? "true" : "false";
    }
    void add(std::string_view name, std::vector<std::string> const& texts);
    /// Unless it is empty.
    void add_if_any(std::string_view name, std::string_view value);
    /// Where the value of a member is to be appended, as JSON.
    [[nodiscard]] std::string& value_of(std::string_view name);
    void end();

  private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace ocilot
