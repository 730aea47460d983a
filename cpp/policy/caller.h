#pragma once

#include "base/request_record.h"
#include "policy/scope.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::policy {

/// Where a caller's name comes from: two kinds may have the same name and are not the same.
enum class CallerKind : std::uint8_t {
    anonymous,
    user,         ///< an account, a line of an htpasswd file, or who a hook says it is
    robot,        ///< an account that machines use
    federated,    ///< by a token of a foreign issuer
    certificate,  ///< by a TLS client certificate
    local,        ///< whoever may open the registry's control socket
    system,       ///< a job of the registry: nobody's credentials lead to it
};
/// `anonymous`, `user`, `robot`, `federated`, `certificate`, `local`, `system`.
[[nodiscard]] std::string_view to_string(CallerKind kind) noexcept;

/// Who asks. Anonymous if the name is empty.
struct Caller {
    std::string name;
    std::vector<std::string> groups;
    std::string address;  ///< numeric, without port
    CallerKind kind = CallerKind::anonymous;
    bool admin = false;  ///< may do everything, whatever the rules say
    /// What the credentials are limited to; null: to nothing beside the rules.
    std::shared_ptr<CredentialScope const> limit = {};
    /// What the credentials were limited to that a token was given for: no other token for them goes beyond
    /// it. null: to nothing.
    std::shared_ptr<CredentialScope const> owner_limit = {};
    std::string request = {};  ///< id of the request, for what it changes; may be empty for one that reads
    std::shared_ptr<RequestRecord const> http = {};  ///< the same request; null where there is no id
    /// Id of the account's token that was shown, or that the bearer token was issued for; empty: something
    /// else was.
    std::string token = {};
    [[nodiscard]] bool anonymous() const noexcept { return name.empty(); }
};

/// A name and a password as somebody typed them, for whoever knows them. Borrowed for the question.
struct Credentials {
    std::string_view name;
    std::string_view password;
    std::string_view address;       ///< numeric, without port
    std::string_view request = {};  ///< id of the request, for the log; may be empty
};

}  // namespace ocilot::policy
