#pragma once

#include "base/result.h"
#include "policy/scope.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// One thing that a token is asked for or gives: `type[(class)]:name:action,action` (distribution's
/// docs/spec/auth/scope). Its class is passed over, as `repository(plugin)` is a repository.
struct Resource {
    std::string type;  ///< `repository`, `registry` or one this registry does not know; lower-case
    std::string name;  ///< may hold a colon (`host:5000/team/app`); not checked to be a repository name
    policy::Rights rights = {};

    /// `*` is Rights::any(); `admin` and actions this registry does not know give nothing.
    void add(std::string_view action) noexcept;

    [[nodiscard]] bool repository() const noexcept { return type == "repository"; }
    /// `registry:catalog:*`
    [[nodiscard]] bool catalog() const noexcept {
        return type == "registry" && name == "catalog" && rights == policy::Rights::any();
    }
    /// `repository:team/app:pull,push`; Rights::any() is written `*`.
    [[nodiscard]] std::string str() const;
    friend bool operator==(Resource const&, Resource const&) = default;
};

inline constexpr std::size_t max_resources = 100;
inline constexpr std::size_t longest_scope = 8192;  ///< bytes

/// Resources separated by spaces, each once with all its actions; none for an empty text. The type ends at
/// the first colon, the actions begin after the last one. Of more than 100 resources, or 8 KiB of them, the
/// first ones count: a token for all of them would fit into no header. bad_request with the reason if one of
/// those is out of the grammar.
[[nodiscard]] Result<std::vector<Resource>> parse_scope(std::string_view text);
/// Joined by spaces.
[[nodiscard]] std::string to_scope(std::span<Resource const> resources);

/// What a token with these resources can be used for: exactly the repositories named, and the catalog.
[[nodiscard]] std::shared_ptr<policy::CredentialScope const> credential_scope(
    std::span<Resource const> resources);

/// What a robot's credentials can be used for: scopes in which the name is a pattern
/// (`repository:team/**:pull,push`) or `registry:catalog:*`; null (no limit) if there are none. Unlike a
/// token's, every word has to be known: bad_request with the reason. Also the `limit` of a token of our own.
[[nodiscard]] Result<std::shared_ptr<policy::CredentialScope const>> parse_robot_scopes(
    std::span<std::string const> scopes);

}  // namespace ocilot::auth
