#include "server/access.h"

#include "server/oidc.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::server {

namespace {

constexpr unsigned verify_threads = 2;

Result<std::shared_ptr<auth::Rules const>> rules_of(AccessSettings const& settings) {
    if (!settings.has_rules) return std::shared_ptr<auth::Rules const>();
    std::vector<auth::RuleText> rules;
    for (auto const& rule : settings.rules) rules.push_back({rule.repositories, rule.allow});
    TRY(auto compiled, auth::Rules::compile(rules, settings.groups));
    return std::make_shared<auth::Rules const>(std::move(compiled));
}

}  // namespace

Counter& AccessControl::counter(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_reloads_total", "Reloads of the access rules.",
                           {{"result", std::string(result)}});
}

Result<std::unique_ptr<AccessControl>> AccessControl::open(AuthSettings settings, Dependencies dependencies) {
    std::unique_ptr<AccessControl> parts(new AccessControl(std::move(settings), dependencies));
    if (parts->settings_.open()) {
        parts->guard_.emplace(dependencies.gate);
        return parts;
    }
    CHECK(parts->open_sources());
    parts->join();
    parts->set_challenge();
    TRY(auto rules, rules_of(parts->settings_.access));
    parts->guard_->set_rules(std::move(rules));
    return parts;
}

Result<> AccessControl::open_sources() {
    pool_ = std::make_unique<BlockingPool>(unsigned{auth::Logins::hash_slots});
    verifying_ = std::make_unique<BlockingPool>(verify_threads);
    if (!settings_.htpasswd.empty()) {
        TRY(htpasswd_, auth::Htpasswd::open(settings_.htpasswd, dependencies_.clock, dependencies_.log));
        if (auto const& created = htpasswd_->created()) {
            dependencies_.log.warn(
                "htpasswd file created with one user",
                {{"path", settings_.htpasswd}, {"user", created->user}, {"password", created->password}});
        }
    }
    if (settings_.token) {
        auth::TokenVerifierSettings token{.issuer = settings_.issuer,
                                          .service = settings_.service,
                                          .rootcertbundle = settings_.root_certificates,
                                          .jwks = settings_.jwks,
                                          .signing_algorithms = settings_.algorithms};
        TRY(foreign_, auth::TokenVerifier::load(std::move(token), dependencies_.clock, dependencies_.log));
    }
    if (!settings_.oidc.empty()) {
        TRY(federation_, federation_of(settings_.oidc));
        TRY(issuers_, issuers_of(settings_, *verifying_,
                                 {dependencies_.clock, dependencies_.log, dependencies_.metrics}));
    }
    if (settings_.accounts) keys_.emplace(dependencies_.keys, dependencies_.clock, settings_.token_life);
    return {};
}

void AccessControl::join() {
    auto* const accounts = settings_.accounts ? &dependencies_.accounts : nullptr;
    auto* const tokens = settings_.accounts ? &dependencies_.tokens : nullptr;
    if (accounts != nullptr || htpasswd_) {
        logins_.emplace(auth::LoginParts{.gate = dependencies_.gate,
                                         .pool = *pool_,
                                         .clock = dependencies_.clock,
                                         .random = dependencies_.random,
                                         .log = dependencies_.log,
                                         .metrics = dependencies_.metrics,
                                         .accounts = accounts,
                                         .tokens = tokens,
                                         .htpasswd = htpasswd_.get(),
                                         .federation = federation_ ? &*federation_ : nullptr,
                                         .issuers = issuers_.get(),
                                         .refusals = &dependencies_.refusals});
    }
    if (accounts != nullptr || foreign_) {
        bearers_.emplace(auth::BearerAuthenticatorParts{.pool = *verifying_,
                                                        .clock = dependencies_.clock,
                                                        .metrics = dependencies_.metrics,
                                                        .service = settings_.own_service,
                                                        .keys = keys_ ? &*keys_ : nullptr,
                                                        .accounts = accounts,
                                                        .tokens = tokens,
                                                        .htpasswd = htpasswd_.get(),
                                                        .foreign = foreign_.get()});
    }
    guard_.emplace(
        auth::GuardParts{.gate = dependencies_.gate,
                         .clock = dependencies_.clock,
                         .log = dependencies_.log,
                         .metrics = dependencies_.metrics,
                         .logins = logins_ ? &*logins_ : nullptr,
                         .bearer_authenticator = bearers_ ? &*bearers_ : nullptr,
                         .refusals = &dependencies_.refusals,
                         .anything = settings_.silly,
                         .tokens_decide = settings_.token,
                         // Where distribution's kinds of auth stand alone, it is a lock of its own.
                         .certificates = settings_.accounts});
    if (!keys_) return;
    tokens_.emplace(
        auth::TokenServer::Parts{*guard_, *keys_, dependencies_.accounts, dependencies_.tokens,
                                 dependencies_.clock, dependencies_.random, dependencies_.metrics},
        auth::TokenSettings{settings_.own_service, settings_.token_life, settings_.refresh_life});
}

void AccessControl::set_challenge() {
    using Scheme = http::ChallengeSettings::Scheme;
    if (settings_.accounts) {
        challenge_ = {
            .scheme = Scheme::bearer, .realm = {}, .path = "/token", .service = settings_.own_service};
    } else if (settings_.token || settings_.silly) {
        challenge_ = {.scheme = Scheme::bearer,
                      .realm = settings_.redirect_path.empty() ? settings_.realm : std::string(),
                      .path = settings_.redirect_path,
                      .service = settings_.service};
    } else if (!settings_.htpasswd.empty()) {
        challenge_ = {.scheme = Scheme::basic, .realm = settings_.realm, .path = {}, .service = {}};
    }
}

void AccessControl::note_failed_reload(std::string_view reason) {
    failed_reloads_.add();
    dependencies_.log.error("access rules not reloaded", {{"err", reason}});
}

Result<> AccessControl::reload(AccessSettings const& settings) {
    if (settings_.open()) return {};
    auto rules = rules_of(settings);
    if (rules.has_error()) {
        note_failed_reload(rules.error().message);
        return std::move(rules).error();
    }
    reloads_.add();
    auto const count = *rules ? (*rules)->size() : 0;
    meta::Change change{.kind = meta::ChangeKind::access_reload};
    change.by.kind = policy::to_string(policy::CallerKind::local);
    change.details.counts = {{"rules", count}};
    dependencies_.refusals.note(std::move(change));
    guard_->set_rules(std::move(*rules));
    dependencies_.log.info("access rules reloaded", {{"rules", std::uint64_t{count}}});
    return {};
}

Task<Result<>> AccessControl::prepare() {
    if (!keys_) co_return Result<>{};
    co_return co_await keys_->refresh(std::chrono::seconds(0));
}

Task<Result<std::size_t>> AccessControl::refresh_keys() {
    if (keys_) {
        CO_CHECK(co_await keys_->refresh(settings_.key_life));
    }
    co_return std::size_t{0};
}

Task<Result<std::size_t>> AccessControl::record_token_use() {
    if (logins_) {
        CO_CHECK(co_await logins_->note_use());
    }
    co_return std::size_t{0};
}

}  // namespace ocilot::server
