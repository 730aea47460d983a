#pragma once

#include "auth/key_source.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "policy/caller.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// Who somebody is whose token has these claims.
struct FederationRule {
    /// Claim name to patterns: all claims have to be there and fit one of their patterns each. `*` is any
    /// number of characters, everything else itself; the whole value has to fit. A list fits if one member
    /// does; numbers and booleans are compared as JSON writes them; objects and null never fit. `a/b` is the
    /// member `b` of the claim `a`, as in `kubernetes.io/namespace`.
    std::map<std::string, std::vector<std::string>> claims;
    /// The caller's name; `{claim}` is the value of a claim, with `%` and its number for each byte that
    /// no name has. Refused if such a claim is missing or a list.
    std::string name;
    std::vector<std::string> groups = {};
    /// Robot scopes, `repository:team/{project_path|lower}/**:pull,push`, where a claim has to be a
    /// repository name, in lower case if `|lower` is said; empty: no limit beside the rules.
    std::vector<std::string> scopes = {};
};

/// Somebody else's token server that is believed: GitHub, GitLab, a Kubernetes cluster, ...
struct FederatedIssuer {
    std::string name;                   ///< for logs
    std::string issuer;                 ///< `iss`, exactly
    std::string audience;               ///< `aud` has to hold it
    std::vector<FederationRule> rules;  ///< the first that fits
};

/// Who a foreign token is of.
struct FederatedLogin {
    policy::Caller caller;  ///< kind federated, without address
    std::string issuer;     ///< FederatedIssuer::name
    std::string subject;    ///< `sub`, for the log
    Time expires_at{};
};

/// Turns tokens of foreign issuers into callers, by rules on their claims. Thread-safe.
class Federation {
  public:
    /// config if an issuer is twice or lacks something, or a rule has no claims, no name, or bad scopes.
    static Result<Federation> make(std::vector<FederatedIssuer> issuers);

    /// Verifies and maps. unauthorized with the reason, or what `keys` answered.
    Task<Result<FederatedLogin>> login(std::string token, KeySource& keys, Time now) const;

    [[nodiscard]] std::vector<FederatedIssuer> const& issuers() const noexcept { return issuers_; }
    /// Whose token it is, by `iss` exactly; null if nobody's.
    [[nodiscard]] FederatedIssuer const* issuer(std::string_view iss) const noexcept;
    /// The caller that the issuer's first fitting rule makes of verified claims, a JSON object. unauthorized
    /// with the reason if none fits or it makes no name.
    [[nodiscard]] Result<policy::Caller> caller(FederatedIssuer const& issuer,
                                                std::string_view claims_json) const;

  private:
    explicit Federation(std::vector<FederatedIssuer> issuers) : issuers_(std::move(issuers)) {}
    std::vector<FederatedIssuer> issuers_;
};

}  // namespace ocilot::auth
