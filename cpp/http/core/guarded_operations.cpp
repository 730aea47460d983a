#include "http/core/guarded_operations.h"

#include "http/core/caller_note.h"
#include "http/core/errors.h"
#include "http/core/rate.h"
#include "http/core/target.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::string_view readers_words =
    "metrics are for administrators and the callers in ocilot.metrics.readers";
constexpr std::string_view basic_challenge = R"(Basic realm="metrics")";

Response refused(Error const& error) {
    auto response = error_response(error);
    if (response.status == 401) response.set("WWW-Authenticate", std::string(basic_challenge));
    response.set("Cache-Control", "no-store");
    response.route = "operations";
    return response;
}

auth::RequestCredentials presented(Request const& request) {
    return {.authorization = request.header("Authorization").value_or(std::string_view{}),
            .several = request.count("Authorization") > 1,
            .address = request.peer,
            .certificate = request.certificate,
            .request = request.id};
}

}  // namespace

Task<Response> GuardedOperations::handle(Request const& request) {
    auto const path = raw_path(request.target);
    if (request.local || path == "/healthz") co_return co_await parts_.operations.handle(request);
    auth::RateVerdict rate;
    auto permitted = count(request, rate);
    if (permitted.has_value() && path == "/metrics" && !parts_.guard.open()) {
        permitted = co_await may_read_metrics(request);
    }
    Response response;
    bool to_administrator = false;
    if (permitted.has_value() && path == "/readyz") to_administrator = co_await is_administrator(request);
    if (to_administrator) {
        response = co_await parts_.operations.handle_for_administrator(request);
    } else if (permitted.has_value()) {
        response = co_await parts_.operations.handle(request);
    } else {
        response = refused(permitted.error());
    }
    add_rate_headers(response, rate);
    co_return response;
}

Result<> GuardedOperations::count(Request const& request, auth::RateVerdict& rate) {
    if (parts_.rates == nullptr) return {};
    policy::Caller stranger;
    stranger.address = request.peer;
    rate = parts_.rates->take(auth::RequestClass::reads, stranger, parts_.clock.now());
    if (rate.allowed) return {};
    auto error = over_rate(rate);
    if (parts_.refusals != nullptr) {
        parts_.refusals->note(meta::ChangeKind::limit, stranger, {}, to_string(auth::RequestClass::reads),
                              error.message);
    }
    return error;
}

Task<Result<policy::Caller>> GuardedOperations::caller_of(Request const& request) {
    auto const shown = presented(request);
    auto caller = parts_.guard.recall(shown);
    if (!caller) {
        CO_TRY(caller, co_await parts_.guard.identify(shown));
    }
    note_caller(request, *caller);
    co_return *std::move(caller);
}

Task<bool> GuardedOperations::is_administrator(Request const& request) {
    bool const shows_nothing = !request.header("Authorization") && request.certificate.empty();
    if (parts_.guard.open() || shows_nothing) co_return false;
    auto const caller = co_await caller_of(request);
    if (caller.has_error()) co_return false;
    policy::Access const all{std::nullopt, policy::Action::admin};
    auto const may = co_await parts_.guard.may(*caller, all);
    co_return may.has_value() && *may;
}

Task<Result<>> GuardedOperations::may_read_metrics(Request const& request) {
    CO_TRY(auto const caller, co_await caller_of(request));
    policy::Access const all{std::nullopt, policy::Action::admin};
    if (parts_.readers != nullptr && parts_.readers->decide(caller, all).allowed) co_return Result<>{};
    if (caller.anonymous()) {
        co_return Error{Errc::unauthorized, fmt::format("login required: {}", readers_words)};
    }
    auto permitted = co_await parts_.guard.require(caller, all);
    if (permitted.has_value()) co_return permitted;
    // What the rules give has nothing to do with it.
    auto error = std::move(permitted).error();
    if (error.code == Errc::denied) error.message = readers_words;
    co_return error;
}

}  // namespace ocilot::http
