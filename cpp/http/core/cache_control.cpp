#include "http/core/cache_control.h"

namespace ocilot::http {

namespace {

/// Whether everyone gets this answer: nobody decides, or a caller without credentials was let in by the
/// rules. A token without a name opens what it says; a hook may decide by address or time.
bool is_public(Context const& context) {
    if (!context.guard.asks()) return true;
    return context.caller.anonymous() && !context.caller.limit &&
           !context.registry.gate.asks(policy::Point::authorize);
}

}  // namespace

std::string immutable_content(Context const& context) {
    return is_public(context) ? "max-age=31536000, immutable" : "private, max-age=31536000, immutable";
}

std::string mutable_content(Context const& context) {
    return is_public(context) ? "no-cache" : "private, no-cache";
}

}  // namespace ocilot::http
