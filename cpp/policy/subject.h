#pragma once

#include "base/result.h"
#include "policy/caller.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::policy {

/// Who a word of the configuration is about: `anonymous`, `everyone` (who logged in), `user:NAME`,
/// `robot:NAME`, `group:NAME`, `federated:PATTERN`, `certificate:PATTERN`.
class Subject {
  public:
    enum class Kind : std::uint8_t {
        anonymous,
        everyone,
        group,
        user,
        robot,
        account,  ///< of this name, user or robot
        federated,
        certificate
    };
    /// Whether names of users and robots are themselves, or patterns too.
    enum class Names : std::uint8_t { exact, patterns };

    /// config with what was expected.
    static Result<Subject> parse(std::string_view text, Names names = Names::exact);
    /// A user or robot of this name.
    static Subject account(std::string_view name);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    /// As it was written.
    [[nodiscard]] std::string const& text() const noexcept { return text_; }
    /// Whether it is about the caller. A group is about no caller here: see GroupMembers.
    [[nodiscard]] bool fits(Caller const& caller) const;

  private:
    Subject(Kind kind, std::string_view name, std::string_view text, Names names)
        : kind_(kind), names_(names), name_(name), text_(text) {}
    [[nodiscard]] bool is_named(Caller const& caller, CallerKind kind) const;

    Kind kind_;
    Names names_;
    std::string name_;
    std::string text_;
};

}  // namespace ocilot::policy
