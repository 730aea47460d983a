#pragma once

#include "http/core/message.h"
#include "policy/caller.h"

#include <optional>

namespace ocilot::http {

/// Notes the verified caller of a request for the access log, unless one is noted already.
void note_caller(Request const& request, policy::Caller const& caller);

/// Does the same when the request has been answered, with the name of a caller that is needed no more: it is
/// moved, not copied.
class CallerNote {
  public:
    /// `caller`: null, or empty at the end, if nobody was identified.
    CallerNote(Request const& request, std::optional<policy::Caller>* caller) noexcept
        : request_(request), caller_(caller) {}
    ~CallerNote();
    CallerNote(CallerNote const&) = delete;
    CallerNote& operator=(CallerNote const&) = delete;

  private:
    Request const& request_;
    std::optional<policy::Caller>* caller_;
};

}  // namespace ocilot::http
