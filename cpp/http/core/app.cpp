#include "http/core/app.h"

#include "http/core/acting_caller.h"
#include "http/core/caller_note.h"
#include "http/core/errors.h"
#include "http/core/header.h"
#include "http/core/operations.h"
#include "http/core/rate.h"
#include "http/core/request_record.h"
#include "http/core/route.h"
#include "registry/actor.h"
#include "registry/unreadable.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

/// What every answer carries. An operator's header replaces one of ours.
Response finished(Response response, AppSettings const& settings) {
    auto const ours = response.headers.size();
    for (auto const& [name, value] : settings.headers) response.set(name, value);
    auto const replaced = [&](auto const& header) {
        return std::any_of(settings.headers.begin(), settings.headers.end(),
                           [&](auto const& set) { return same_token(set.first, header.first); });
    };
    auto const end_of_ours = response.headers.begin() + static_cast<std::ptrdiff_t>(ours);
    response.headers.erase(std::remove_if(response.headers.begin(), end_of_ours, replaced), end_of_ours);
    if (!response.has("X-Content-Type-Options")) response.set("X-Content-Type-Options", "nosniff");
    if (!response.has("Docker-Distribution-Api-Version"))
        response.set("Docker-Distribution-Api-Version", "registry/2.0");
    return response;
}

bool reads(Request const& request) noexcept {
    return request.method == Method::get || request.method == Method::head;
}

/// The target below the prefix, which only clients from outside know of. Reads see several slashes as one, as
/// older scripts send them; for writes a name with an empty component is an invalid one.
Result<Target> read_target(Request const& request, AppSettings const& settings) {
    TRY(auto target, Target::parse(request.target));
    if (reads(request)) target.collapse_slashes();
    if (!request.local) {
        auto const path = below_prefix(target.path, settings.urls.prefix);
        if (!path) {
            return Error{Errc::not_found, fmt::format("unknown endpoint; the API is at {}/v2/",
                                                      Urls(settings.urls, request).local(""))};
        }
        target.path = std::string(*path);
    }
    if (!target.path.starts_with("/api/v1/")) {
        CHECK(target.refuse_escaped_slash());
    }
    return target;
}

constexpr std::string_view all_methods = "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS";

Response unrouted(Response response) {
    response.route = "unknown";
    return response;
}

Response options(std::string_view allow) {
    Response response{.status = 204};
    response.set("Allow", std::string(allow));
    return response;
}

/// Whoever may open the registry's own socket.
policy::Caller local_caller() {
    policy::Caller caller;
    caller.name = "local";
    caller.kind = policy::CallerKind::local;
    caller.admin = true;
    return caller;
}

/// What a token has to be good for: everything the request touches.
std::string scope_of(Route const& route, Verb const& verb, Query const& query) {
    if (verb.challenge_scope == ChallengeScope::catalog) return "registry:catalog:*";
    if (route.name.empty() || verb.action == policy::Action::admin) return {};
    std::string_view actions = "pull";
    if (verb.action == policy::Action::create) actions = "pull,push";
    if (verb.action == policy::Action::remove) actions = "delete";
    auto scope = fmt::format("repository:{}:{}", route.name, actions);
    auto const from = query.first("from");
    bool const mounts = verb.challenge_scope == ChallengeScope::mount && query.first("mount") && from;
    if (mounts && oci::RepositoryName::parse(*from).has_value()) {
        scope += fmt::format(" repository:{}:pull", *from);
    }
    return scope;
}

/// For a method that has no row.
Response without_verb(Request const& request, Endpoint const& endpoint) {
    if (request.method == Method::options) return options(endpoint.allow());
    Error const error{Errc::method_not_allowed,
                      fmt::format("method not allowed; allowed methods: {}", endpoint.allow())};
    return std::move(error_response(error).set("Allow", endpoint.allow()));
}

}  // namespace

App::App(AppParts parts, AppSettings settings)
    : parts_(parts),
      operations_({.operations = parts.operations,
                   .guard = parts.guard,
                   .clock = parts.registry.clock,
                   .rates = parts.rates,
                   .refusals = parts.refusals,
                   .readers = parts.metrics_readers}),
      sealer_(parts.registry.random),
      settings_(std::move(settings)) {}

Task<Response> App::handle(Request const& request) {
    if (auto const known = check_host(host_names_, request); known.has_error()) {
        co_return unrouted(finished(error_response(known.error()), settings_));
    }
    if (settings_.operations && Operations::serves(raw_path(request.target))) {
        co_return co_await operations_.handle(request);
    }
    // Before anybody is asked who he is: a browser's question carries no credentials.
    auto allowed = preflight(settings_.cors, request, all_methods);
    Response response;
    if (allowed) {
        response = std::move(*allowed);
    } else {
        response = co_await respond(request);
    }
    response = finished(std::move(response), settings_);
    allow_origin(settings_.cors, request, response);
    co_return response;
}

Task<Response> App::respond(Request const& request) {
    auto const target = read_target(request, settings_);
    if (target.has_error()) co_return unrouted(error_response(target.error()));
    if (request.method == Method::options && target->path == "*") co_return unrouted(options(all_methods));
    auto const route = parts_.routes.find(target->path);
    if (!route) co_return unrouted(error_response({Errc::not_found, {}}));
    auto const& endpoint = *route->endpoint;
    auto const* const verb = endpoint.find(request.method);
    Response response;
    auto const origin = check_origin(settings_, request, target->path);
    if (verb == nullptr) {
        response = without_verb(request, endpoint);
    } else if (origin.has_error()) {
        response = error_response(origin.error());
    } else {
        auth::RateVerdict rate;
        auto answered = co_await answer(request, *target, *route, *verb, rate);
        if (answered.has_value()) {
            response = std::move(*answered);
        } else {
            response = failed(request, *target, *route, *verb, answered.error());
        }
        add_rate_headers(response, rate);
    }
    if (endpoint.pattern.starts_with("/api/") && !response.has("Cache-Control"))
        response.set("Cache-Control", "no-store");
    response.route = endpoint.name;
    co_return response;
}

Task<Result<Response>> App::answer(Request const& request, Target const& target, Route const& route,
                                   Verb const& verb, auth::RateVerdict& rate) {
    std::optional<oci::RepositoryName> name;
    if (!route.name.empty()) {
        CO_TRY(name, oci::RepositoryName::parse(route.name));
    }
    auto caller = known_caller(request, verb);
    // Without a right to check nobody is identified here; the token server notes who logs in.
    CallerNote const note_at_end(request, verb.action ? &caller : nullptr);
    if (caller && parts_.rates != nullptr) {
        CO_CHECK(count(request, route, verb, *caller, rate));
    }
    if (!caller) {
        CO_TRY(caller, co_await admit_caller(request, route, verb, rate));
    }
    if (!reads(request) || parts_.guard.asks_hooks()) caller->request = request.id;
    if (!reads(request)) caller->http = record_of(request);
    if (verb.action && (parts_.guard.asks() || *verb.action == policy::Action::admin)) {
        // Whoever administers repositories administers all of them.
        bool const about_all = *verb.action == policy::Action::admin;
        policy::Access const access{about_all ? std::nullopt : name, *verb.action};
        if (!reads_retention(*caller, verb) && !parts_.guard.known_to_allow(*caller, access)) {
            CO_CHECK(co_await permit(request, *caller, access));
        }
        if (verb.challenge_scope == ChallengeScope::catalog) {
            CO_CHECK(told(request, *caller, may_list(*caller)));
        }
    }
    if (verb.operation) {
        CO_CHECK(check_parameters(*verb.operation, target.query));
    }
    auto const context = context_of(request, target, route, *caller, name ? &*name : nullptr);
    auto answered = co_await verb.handle(context);
    if (answered.has_error()) note(*caller, route, answered.error());
    co_return answered;
}

bool App::reads_retention(policy::Caller const& caller, Verb const& verb) const {
    bool const is_open_to_readers = verb.operation && verb.operation->for_retention_readers;
    if (!is_open_to_readers || parts_.retention_readers == nullptr) return false;
    // A plan names tags of all repositories: credentials for some of them are not enough.
    if (caller.anonymous() || caller.limit) return false;
    return parts_.retention_readers->decide(caller, {std::nullopt, policy::Action::admin}).allowed;
}

Context App::context_of(Request const& request, Target const& target, Route const& route,
                        policy::Caller const& caller, oci::RepositoryName const* name) const {
    return {.request = request,
            .query = target.query,
            .routes = parts_.routes,
            .registry = parts_.registry,
            .guard = parts_.guard,
            .tokens = parts_.tokens,
            .account_manager = parts_.account_manager,
            .sealer = sealer_,
            .hooks = parts_.hooks,
            .jobs = parts_.jobs,
            .collector = parts_.collector,
            .retention = parts_.retention,
            .ignored_pulls = parts_.ignored_pulls,
            .hook_deliveries = parts_.hook_deliveries,
            .webhooks = parts_.webhooks,
            .settings = settings_,
            .caller = caller,
            .repository = name,
            .item = route.item,
            .urls = Urls(settings_.urls, request)};
}

Result<> App::count(Request const& request, Route const& route, Verb const& verb,
                    policy::Caller const& caller, auth::RateVerdict& rate) {
    if (request.local) return {};
    auto const kind = class_of(verb, request.method);
    rate = parts_.rates->take(kind, caller, parts_.registry.clock.now());
    if (rate.allowed) return {};
    auto error = over_rate(rate);
    note(meta::ChangeKind::limit, caller, route.name, to_string(kind), error);
    return error;
}

void App::note(meta::ChangeKind kind, policy::Caller const& caller, std::string_view repository,
               std::string_view subject, Error const& error) {
    if (parts_.refusals != nullptr) parts_.refusals->note(kind, caller, repository, subject, error.message);
}

void App::note(policy::Caller const& caller, Route const& route, Error const& error) {
    if (route.name.empty()) return;
    if (error.code == Errc::quota_exceeded) note_quota(caller, route.name, error);
    if (error.code == Errc::denied || error.code == Errc::quota_exceeded)
        note(meta::ChangeKind::admit, caller, route.name, route.item, error);
    if (error.code == Errc::too_many_requests)
        note(meta::ChangeKind::limit, caller, route.name, route.item, error);
}

void App::note_quota(policy::Caller const& caller, std::string_view repository, Error const& error) {
    if (parts_.quota_refusals != nullptr) parts_.quota_refusals->add();
    auto const now = parts_.registry.clock.now();
    if (parts_.refusals == nullptr || !quota_alarms_.is_news(caller.name, std::string(repository), now))
        return;
    meta::Change change{.kind = meta::ChangeKind::quota_exceed};
    change.by = registry::actor_of(caller);
    change.by.request.clear();  // It stands for those that follow, too.
    change.by.http = nullptr;
    change.repository = repository;
    change.text = error.message;
    parts_.refusals->note(std::move(change));
}

auth::RequestCredentials App::presented(Request const& request) {
    return {.authorization = request.header("Authorization").value_or(std::string_view{}),
            .several = request.count("Authorization") > 1,
            .address = request.peer,
            .certificate = request.certificate,
            .request = request.id};
}

std::optional<policy::Caller> App::known_caller(Request const& request, Verb const& verb) {
    if (request.local) return acts_for(request) ? std::nullopt : std::optional(local_caller());
    if (verb.action && !parts_.guard.open()) return parts_.guard.recall(presented(request));
    // Who asks the token server for a token without Basic credentials.
    return parts_.guard.recall({.address = request.peer, .certificate = request.certificate});
}

Task<Result<policy::Caller>> App::find_caller(Request const& request) {
    if (auto const who = acts_for(request)) {
        co_return co_await acting_caller(parts_.registry, parts_.tokens != nullptr, *who);
    }
    co_return co_await parts_.guard.identify(presented(request));
}

Task<Result<policy::Caller>> App::admit_caller(Request const& request, Route const& route, Verb const& verb,
                                               auth::RateVerdict& rate) {
    auto found = co_await find_caller(request);
    if (parts_.rates == nullptr) co_return found;
    policy::Caller stranger;
    stranger.address = request.peer;
    auto const& counted = found.has_value() ? *found : stranger;
    auto permitted = count(request, route, verb, counted, rate);
    if (permitted.has_error()) {
        if (found.has_value()) note_caller(request, *found);
        co_return std::move(permitted).error();
    }
    co_return found;
}

Result<> App::may_list(policy::Caller const& caller) {
    auto listed = parts_.guard.require_catalog(caller);
    if (listed.has_error() && caller.limit)
        note(meta::ChangeKind::access, caller, {}, "catalog", listed.error());
    return listed;
}

Task<Result<>> App::permit(Request const& request, policy::Caller const& caller, policy::Access access) {
    auto const repository = access.repository ? access.repository->str() : std::string();
    auto const action = policy::to_string(access.action);
    auto permitted = co_await parts_.guard.require(caller, std::move(access));
    // A guard that lets everybody in keeps no journal.
    bool const is_denied = permitted.has_error() && permitted.error().code == Errc::denied;
    if (parts_.guard.open() && is_denied)
        note(meta::ChangeKind::access, caller, repository, action, permitted.error());
    co_return told(request, caller, std::move(permitted));
}

Result<> App::told(Request const& request, policy::Caller const& caller, Result<> permitted) {
    if (permitted.has_value()) return permitted;
    auto error = std::move(permitted).error();
    bool const has_token = auth::parse_bearer(presented(request).authorization).has_value();
    if (error.code == Errc::unauthorized && !caller.anonymous() && !has_token) error.code = Errc::denied;
    return error;
}

Response App::failed(Request const& request, Target const& target, Route const& route, Verb const& verb,
                     Error const& error) {
    auto response = error_response(error);
    if (response.status == 405) response.set("Allow", route.endpoint->allow(request.method));
    if (response.status != 401 || settings_.challenge.scheme == ChallengeSettings::Scheme::none)
        return response;
    Urls const urls(settings_.urls, request);
    if (!verb.action) {  // The token server itself.
        ChallengeSettings const basic{.scheme = ChallengeSettings::Scheme::basic,
                                      .realm = settings_.challenge.service};
        response.set("WWW-Authenticate", challenge(basic, urls, {}, {}));
        return response;
    }
    ChallengeCause cause;
    auto const shown = presented(request);
    if (auth::parse_bearer(shown.authorization)) {
        // A token that is good for something is remembered.
        cause = {parts_.guard.recall(shown) ? "insufficient_scope" : "invalid_token", error.message};
    }
    response.set("WWW-Authenticate",
                 challenge(settings_.challenge, urls, scope_of(route, verb, target.query), cause));
    return response;
}

Response App::refuse(Error const& error) const {
    auto response = finished(error_response(error), settings_);
    response.close = true;
    return response;
}

Task<> App::read_failed(registry::FailedRead failed) {
    (void)co_await registry::quarantine_if_unreadable(parts_.registry, failed);
}

}  // namespace ocilot::http
