#include "http/core/caller_note.h"

#include <utility>

namespace ocilot::http {

namespace {

bool is_wanted(Request const& request) noexcept {
    return request.caller != nullptr && request.caller->kind.empty();
}

}  // namespace

void note_caller(Request const& request, policy::Caller const& caller) {
    if (is_wanted(request)) *request.caller = {caller.name, to_string(caller.kind)};
}

CallerNote::~CallerNote() {
    if (caller_ == nullptr || !*caller_ || !is_wanted(request_)) return;
    request_.caller->kind = to_string((*caller_)->kind);
    request_.caller->name = std::move((*caller_)->name);
}

}  // namespace ocilot::http
