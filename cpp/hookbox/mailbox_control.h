#pragma once

#include "hookbox/mailbox.h"
#include "policy/control.h"

namespace ocilot::hookbox {

/// Asks whoever answers the mailbox how the hooks are, and to load them again.
class MailboxControl final : public policy::HookControl {
  public:
    explicit MailboxControl(Mailbox& mailbox) noexcept : mailbox_(mailbox) {}
    Task<Result<std::string>> status() override;
    Task<Result<std::string>> reload() override;

  private:
    Task<Result<std::string>> ask(Topic topic, Mailbox::Duration deadline);

    Mailbox& mailbox_;
};

}  // namespace ocilot::hookbox
