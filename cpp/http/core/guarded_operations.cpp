#include "http/core/guarded_operations.h"

#include "http/core/caller_note.h"
#include "http/core/errors.h"
#include "http/core/rate.h"
#include "http/core/target.h"

namespace ocilot::http {

namespace {

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
    if (permitted.has_value()) {
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

Task<Result<>> GuardedOperations::may_read_metrics(Request const& request) {
    auto const shown = presented(request);
    auto caller = parts_.guard.recall(shown);
    if (!caller) {
        CO_TRY(caller, co_await parts_.guard.identify(shown));
    }
    note_caller(request, *caller);
    policy::Access const all{std::nullopt, policy::Action::admin};
    if (parts_.readers != nullptr && parts_.readers->decide(*caller, all).allowed) co_return Result<>{};
    if (caller->anonymous()) {
        co_return Error{
            Errc::unauthorized,
            "login required: metrics are for administrators and the callers in ocilot.metrics.readers"};
    }
    co_return co_await parts_.guard.require(*caller, all);
}

}  // namespace ocilot::http
