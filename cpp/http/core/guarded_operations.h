#pragma once

#include "auth/guard.h"
#include "auth/rate_limits.h"
#include "auth/refusals.h"
#include "auth/rules.h"
#include "http/core/message.h"
#include "http/core/operations.h"

namespace ocilot::http {

/// `Operations` on the address that clients use: `/readyz` and `/metrics` count as reads of their address,
/// and where the registry has accounts `/metrics` is for administrators and for the callers that the
/// configuration names. Only administrators are told by `/readyz` where the data are. The control socket asks
/// without either. `/healthz` costs nothing and is for everybody.
class GuardedOperations {
  public:
    struct Parts {
        Operations& operations;
        auth::Guard& guard;
        Clock const& clock;
        auth::RateLimits* rates = nullptr;     ///< null: requests are not counted
        auth::Refusals* refusals = nullptr;    ///< where refusals by rate are noted
        auth::Rules const* readers = nullptr;  ///< `admin` in these may read metrics, and no more; null: none
    };
    explicit GuardedOperations(Parts parts) noexcept : parts_(parts) {}

    [[nodiscard]] Task<Response> handle(Request const& request);

  private:
    [[nodiscard]] Result<> count(Request const& request, auth::RateVerdict& rate);
    /// Who sends the request, by what it shows.
    [[nodiscard]] Task<Result<policy::Caller>> caller_of(Request const& request);
    /// Whether it shows credentials of an administrator. Wrong ones get the answer that everybody gets.
    [[nodiscard]] Task<bool> is_administrator(Request const& request);
    /// unauthorized, denied, or what identifying the caller failed with.
    [[nodiscard]] Task<Result<>> may_read_metrics(Request const& request);

    Parts parts_;
};

}  // namespace ocilot::http
