#pragma once

#include "oci/repository_pattern.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::policy {

/// What a caller wants to do, called by the right that it needs: an upload and a new tag need `create`,
/// moving a tag needs `push`.
enum class Action : std::uint8_t { pull, create, push, remove, admin };
/// `pull`, `create`, `push`, `delete`, `admin`.
[[nodiscard]] std::string_view to_string(Action action) noexcept;

/// What somebody wants to do. Without a repository it is about the registry as a whole (ping, catalog).
struct Access {
    std::optional<oci::RepositoryName> repository;
    Action action = Action::pull;
};

// What somebody wants to do, in words for people. The right that it needs has a word of its own: to_string.

/// What follows "may not" or "login required to": `pull from team/app`, `administer this registry`.
[[nodiscard]] std::string infinitive_of(Access const& access);
/// What follows "does not allow": `pulling from team/app`, `administering this registry`.
[[nodiscard]] std::string gerund_of(Access const& access);

/// A set of rights, as they are granted: `push` grants the actions push and create, `create` itself alone,
/// `admin` everything.
class Rights {
  public:
    enum class Right : std::uint8_t { pull = 1, create = 2, push = 4, remove = 8, admin = 16 };

    constexpr Rights() noexcept = default;
    /// `pull`, `push`, `create`, `delete` or `admin`; nullopt for any other word.
    [[nodiscard]] static std::optional<Right> parse(std::string_view word) noexcept;
    constexpr Rights& add(Right right) noexcept {
        bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(right));
        return *this;
    }
    constexpr Rights& add(Rights others) noexcept {
        bits_ = static_cast<std::uint8_t>(bits_ | others.bits_);
        return *this;
    }
    static constexpr Rights all() noexcept { return Rights(0x1f); }
    /// Everything a token's `*` stands for: all but admin.
    static constexpr Rights any() noexcept { return Rights(0x0f); }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] bool allow(Action action) const noexcept;
    /// `pull,push,delete`; empty for none.
    [[nodiscard]] std::string str() const;
    friend constexpr bool operator==(Rights, Rights) = default;

  private:
    explicit constexpr Rights(std::uint8_t bits) noexcept : bits_(bits) {}
    std::uint8_t bits_ = 0;
};

/// What credentials are limited to, beside what their owner may: the access of a token, the scopes of a
/// robot.
class CredentialScope {
  public:
    /// Exactly one repository, as a bearer token names it.
    void add(std::string repository, Rights rights);
    /// All repositories of a pattern, as an operator grants them.
    void add(oci::RepositoryPattern repositories, Rights rights);
    /// The list of repositories.
    void add_catalog() noexcept { catalog_ = true; }

    /// Whether the credentials can be used for this. What is about no repository and is not administration
    /// needs no right.
    [[nodiscard]] bool covers(Access const& access) const;
    [[nodiscard]] bool covers_catalog() const noexcept { return catalog_; }

  private:
    struct Exact {
        std::string repository;
        Rights rights;
    };
    struct Pattern {
        oci::RepositoryPattern repositories;
        Rights rights;
    };
    std::vector<Exact> exact_;
    std::vector<Pattern> patterns_;
    bool catalog_ = false;
};

}  // namespace ocilot::policy
