#pragma once

#include "auth/decision_cache.h"
#include "auth/login.h"
#include "auth/rules.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policy/gate.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

class BearerAuthenticator;
class Logins;
class Refusals;

/// What came with a request to say who sends it. Borrowed.
struct RequestCredentials {
    std::string_view authorization = {};  ///< value of the header, empty if absent
    bool several = false;                 ///< whether the header is there more than once
    std::string_view address = {};        ///< numeric, without port
    std::string_view certificate = {};    ///< name in a verified client certificate, empty without one
    std::string_view request = {};        ///< id of the request, for the log
};

/// What a guard that checks is made of.
struct GuardParts {
    policy::Gate& gate;
    Clock const& clock;
    Log const& log;
    Metrics& metrics;
    Logins* logins = nullptr;                             ///< null: no passwords
    BearerAuthenticator* bearer_authenticator = nullptr;  ///< null: no tokens
    Refusals* refusals = nullptr;
    bool anything = false;       ///< `auth.silly`: any Authorization will do
    bool tokens_decide = false;  ///< without rules tokens of a foreign server give what they say, to anybody
    /// Whether a client certificate says who somebody is even without rules; else it only lets him speak.
    bool certificates = true;
};

/// What would be answered, and who says so.
struct Explanation {
    bool allowed = false;
    std::string by;              ///< `admin`, `hook`, `rule` or `default`
    std::string sentence;        ///< for a person
    RuleDecision rule_decision;  ///< what the rules say, whoever decides
};

/// Who is it, and may they. An open registry: everybody is anonymous and may do everything that the gate does
/// not refuse. Thread-safe.
class Guard {
  public:
    /// Of an open registry.
    explicit Guard(policy::Gate& gate) noexcept;
    /// Of one that checks. Without rules whoever logged in may pull, push and delete.
    explicit Guard(GuardParts parts);

    /// Whether everybody is anonymous here: credentials are not looked at, as clients send what they have.
    [[nodiscard]] bool open() const noexcept { return !parts_; }
    /// Whether anybody decides: else `require` need not be called.
    [[nodiscard]] bool asks() const noexcept { return !open() || asks_hooks(); }
    /// Whether hooks are asked what a caller may do.
    [[nodiscard]] bool asks_hooks() const noexcept { return gate_.asks(policy::Point::authorize); }

    /// The caller, if no more has to be done to know; else `identify` finds out.
    [[nodiscard]] std::optional<policy::Caller> recall(RequestCredentials const& presented);
    /// unauthorized if what was presented is wrong, too_many_requests, unavailable.
    Task<Result<policy::Caller>> identify(RequestCredentials presented);
    /// Who has this name and password. unauthorized, too_many_requests, unavailable.
    /// `request` is the id of the request, for the log.
    Task<Result<Login>> login(std::string name, std::string password, std::string address,
                              std::string request = {});

    /// unauthorized for whoever showed what is good for nothing; noted.
    [[nodiscard]] Error unknown(std::string_view address, std::string why) const;

    /// True if the caller may, by what is known already; else `require` finds out.
    [[nodiscard]] bool known_to_allow(policy::Caller const& caller, policy::Access const& access);
    /// Nothing, or: unauthorized for an anonymous caller and for a token that does not cover the access,
    /// denied for a known one, with the reason. Limited credentials allow what anonymous callers may.
    Task<Result<>> require(policy::Caller const& caller, policy::Access access);
    /// Whether the caller may ask for the list of repositories; what is in it
    /// `may_without_limit` tells, one by one.
    [[nodiscard]] Result<> require_catalog(policy::Caller const& caller) const;
    /// Whether the caller may, with the credentials at hand; no refusal is noted.
    Task<Result<bool>> may(policy::Caller const& caller, policy::Access access);
    /// Whether nothing but the limit of the token at hand refuses the access: its owner may, and gets another
    /// token that covers it.
    Task<Result<bool>> needs_wider_token(policy::Caller const& caller, policy::Access access);
    /// The same as `may`, whatever the credentials are limited to.
    Task<Result<bool>> may_without_limit(policy::Caller const& caller, policy::Access access);
    /// The same, if no hook has to be asked: by what is remembered, or by the rules. nullopt:
    /// `may_without_limit` would ask one.
    [[nodiscard]] std::optional<bool> decide_without_hooks(policy::Caller const& caller,
                                                           policy::Access const& access);
    /// Why, for a caller without limits.
    Task<Result<Explanation>> explain(policy::Caller const& caller, policy::Access access);

    /// The groups that the configuration puts the caller into, sorted; nullopt without rules, for which
    /// groups mean nothing.
    [[nodiscard]] std::optional<std::vector<std::string>> configured_groups(
        policy::Caller const& caller) const;

    /// From now on; null: none.
    void set_rules(std::shared_ptr<Rules const> rules);

  private:
    /// Whether a token of a foreign server gives what it says.
    [[nodiscard]] bool tokens_decide() const noexcept { return parts_->tokens_decide && !has_rules_.load(); }
    /// Differs when rules or hooks do: what was decided before counts no more.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return gate_.generation() << 32 | rules_generation_.load(std::memory_order_acquire);
    }
    /// Whether the client may without any credentials.
    Task<Result<bool>> anonymous_may(policy::Caller const& caller, policy::Access access);
    Task<Result<AccessDecision>> decide(policy::Caller const& caller, policy::Access access);
    [[nodiscard]] AccessDecision decide_by_rules(policy::Caller const& caller,
                                                 policy::Access const& access) const;
    Task<Result<std::optional<AccessDecision>>> ask_gate(policy::Caller const& caller, policy::Access access,
                                                         Time& until);
    [[nodiscard]] policy::Caller without_header(RequestCredentials const& presented) const;
    Error refused(policy::Caller const& caller, policy::Access const& access,
                  AccessDecision const& decided) const;
    /// Tells the journal and the log what somebody may not who showed something.
    void note(policy::Caller const& caller, policy::Access const& access, std::string_view why) const;
    Task<Result<>> require_by_gate(policy::Caller const& caller, policy::Access access);

    policy::Gate& gate_;
    std::optional<GuardParts> parts_;
    std::optional<DecisionCache> decisions_;
    std::atomic<std::shared_ptr<Rules const>> rules_;
    std::atomic<std::uint32_t> rules_generation_{0};
    std::atomic<bool> has_rules_{false};
    Counter* refusals_ = nullptr;
};

/// Name and password of a Basic Authorization header (RFC 7617); nullopt if it is none.
struct BasicCredentials {
    std::string name;
    std::string password;
    /// Both are: some clients send that for anonymous use.
    [[nodiscard]] bool empty() const noexcept { return name.empty() && password.empty(); }
};
[[nodiscard]] std::optional<BasicCredentials> parse_basic(std::string_view authorization);
/// The token of a Bearer Authorization header (RFC 6750); nullopt if it is none.
[[nodiscard]] std::optional<std::string_view> parse_bearer(std::string_view authorization);

}  // namespace ocilot::auth
