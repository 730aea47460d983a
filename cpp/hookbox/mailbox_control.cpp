#include "hookbox/mailbox_control.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::hookbox {

namespace {

constexpr std::chrono::seconds status_deadline{10};
constexpr std::chrono::seconds reload_deadline{60};  // Scripts may reach for other machines when they start.

}  // namespace

Task<Result<std::string>> MailboxControl::status() {
    return ask(Topic::status, status_deadline);
}

Task<Result<std::string>> MailboxControl::reload() {
    return ask(Topic::reload, reload_deadline);
}

Task<Result<std::string>> MailboxControl::ask(Topic topic, Mailbox::Duration deadline) {
    if (!mailbox_.attended()) {
        co_return Error{Errc::not_found,
                        "no hooks configured; set ocilot.hooks.scripts and restart the registry"};
    }
    CO_TRY(auto answer, co_await mailbox_.ask(topic, ControlCase{}, deadline));
    if (auto* const reply = std::get_if<Reply>(&answer)) co_return std::move(reply->text);
    auto const* const failure = std::get_if<Failure>(&answer);
    co_return Error{Errc::unavailable,
                    failure != nullptr ? failure->reason : fmt::format("no answer to {}", to_string(topic))};
}

}  // namespace ocilot::hookbox
