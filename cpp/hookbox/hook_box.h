#pragma once

#include "hookbox/hook_gate.h"
#include "hookbox/mail_control.h"
#include "hookbox/mailbox.h"

namespace ocilot::hookbox {

/// The hooks of one registry, as its other parts and whoever answers see them.
struct HookBox {
    HookBox(Metrics& metrics, Log const& log) : mailbox(metrics), gate(mailbox, log), control(mailbox) {}

    Mailbox mailbox;
    HookGate gate;
    MailControl control;
};

}  // namespace ocilot::hookbox
