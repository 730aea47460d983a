#pragma once

#include "auth/account_manager.h"
#include "auth/guard.h"
#include "auth/ignored_pulls.h"
#include "auth/rate_limits.h"
#include "auth/refusals.h"
#include "auth/sealer.h"
#include "auth/token_server.h"
#include "http/core/challenge.h"
#include "http/core/cors.h"
#include "http/core/guarded_operations.h"
#include "http/core/message.h"
#include "http/core/origin_guard.h"
#include "http/core/quota_alarms.h"
#include "policy/control.h"
#include "registry/registry.h"

#include <optional>
#include <string>

namespace ocilot::jobs {
class Collector;
class HookDeliveries;
class JobControl;
class Retention;
class Webhooks;
}  // namespace ocilot::jobs

namespace ocilot::http {

/// How URLs in answers are made.
struct UrlSettings {
    std::string host;       ///< `http.host`, `https://example.com/registry`; empty: from the request
    std::string prefix;     ///< `http.prefix`, `/registry/`: the API lives below it; empty: at the root
    bool relative = false;  ///< `http.relativeurls`: path only
};

struct AppSettings {
    UrlSettings urls;
    std::size_t catalog_default = 100;                         ///< catalog entries a page without `n`
    std::size_t catalog_limit = 1000;                          ///< most catalog entries a page
    std::size_t tags_limit = 1000;                             ///< most tags a page when `n` is given
    std::vector<std::pair<std::string, std::string>> headers;  ///< `http.headers`, added to every answer
    CorsSettings cors;
    ChallengeSettings challenge;
    bool operations = true;  ///< whether `/healthz`, `/readyz` and `/metrics` are answered here
};

class Routes;
struct Context;
struct Route;
struct Target;
struct Verb;

/// What an App works with; all of it outlives the App.
struct AppParts {
    Routes const& routes;
    registry::Registry& registry;
    auth::Guard& guard;
    Operations& operations;
    auth::TokenServer* tokens = nullptr;                      ///< null where this registry gives out none
    auth::AccountManager* account_manager = nullptr;          ///< null where there is nothing to administer
    policy::HookControl* hooks = nullptr;                     ///< null where nobody runs hooks
    ocilot::jobs::JobControl* jobs = nullptr;                 ///< null where no jobs run
    ocilot::jobs::Collector* collector = nullptr;             ///< null where nothing is collected
    ocilot::jobs::Retention* retention = nullptr;             ///< null where no rules are applied
    ocilot::jobs::HookDeliveries* hook_deliveries = nullptr;  ///< null where no scripts are told of events
    ocilot::jobs::Webhooks* webhooks = nullptr;               ///< null where no events are delivered
    auth::RateLimits* rates = nullptr;                        ///< null: requests are not counted
    auth::Refusals* refusals = nullptr;                 ///< where refusals are noted that nothing else notes
    auth::Rules const* metrics_readers = nullptr;       ///< see GuardedOperations
    auth::Rules const* retention_readers = nullptr;     ///< who may make plans of retention; null: none
    Counter* quota_refusals = nullptr;                  ///< null: not counted
    auth::IgnoredPulls const* ignored_pulls = nullptr;  ///< null: all pulls count
};

/// The protocol: a request in, an answer out. Knows no socket. Thread-safe.
class App final : public Handler {
  public:
    App(AppParts parts, AppSettings settings);
    Task<Response> handle(Request const& request) override;
    [[nodiscard]] Response refuse(Error const& error) const override;
    Task<> read_failed(registry::FailedRead failed) override;
    /// Names that the registry answers to from now on. To be called before the first request.
    void set_host_names(HostNames names) { host_names_ = std::move(names); }

  private:
    /// The answer before what every answer carries is added.
    Task<Response> respond(Request const& request);
    /// What a handler works with. `name`: null for the routes without one.
    [[nodiscard]] Context context_of(Request const& request, Target const& target, Route const& route,
                                     policy::Caller const& caller, oci::RepositoryName const* name) const;
    /// Checks the name, finds out who asks and whether they may, then lets the route's handler answer. `rate`
    /// is how the caller stands.
    Task<Result<Response>> answer(Request const& request, Target const& target, Route const& route,
                                  Verb const& verb, auth::RateVerdict& rate);
    /// Counts the request, or refuses it.
    Result<> count(Request const& request, Route const& route, Verb const& verb, policy::Caller const& caller,
                   auth::RateVerdict& rate);

    /// Who sends the request, if that is known without waiting. Nobody is asked where the guard or the
    /// endpoint does not care.
    std::optional<policy::Caller> known_caller(Request const& request, Verb const& verb);
    Task<Result<policy::Caller>> find_caller(Request const& request);
    /// The caller, and the request counted, if only as one of an address that shows wrong credentials.
    Task<Result<policy::Caller>> admit_caller(Request const& request, Route const& route, Verb const& verb,
                                              auth::RateVerdict& rate);
    /// Nothing, or why this caller may not.
    Task<Result<>> permit(Request const& request, policy::Caller const& caller, policy::Access access);
    /// Whether the caller may see what retention would do, whatever else they may.
    [[nodiscard]] bool reads_retention(policy::Caller const& caller, Verb const& verb) const;
    /// The same as it is told: another token may be good for it, a name and a password stay what they are.
    [[nodiscard]] static Result<> told(Request const& request, policy::Caller const& caller,
                                       Result<> permitted);
    /// The same for the list of repositories.
    Result<> may_list(policy::Caller const& caller);
    /// What a policy or a limit refuses while a request is answered.
    void note(policy::Caller const& caller, Route const& route, Error const& error);
    void note_quota(policy::Caller const& caller, std::string_view repository, Error const& error);
    void note(meta::ChangeKind kind, policy::Caller const& caller, std::string_view repository,
              std::string_view subject, Error const& error);
    [[nodiscard]] static auth::RequestCredentials presented(Request const& request);
    /// The answer to a failed request, with everything that a client needs to do better.
    [[nodiscard]] Response failed(Request const& request, Target const& target, Route const& route,
                                  Verb const& verb, Error const& error);

    AppParts parts_;
    GuardedOperations operations_;
    auth::Sealer sealer_;
    AppSettings settings_;
    HostNames host_names_;
    QuotaAlarms quota_alarms_;
};

}  // namespace ocilot::http
