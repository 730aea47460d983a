#pragma once

#include "hookbox/hook_feed.h"
#include "hookbox/hook_gate.h"
#include "hookbox/mailbox.h"
#include "hookbox/mailbox_control.h"
#include "hookbox/script_metrics.h"

namespace ocilot::hookbox {

/// The hooks of one registry, as its other parts and whoever answers see them.
struct HookBox {
    HookBox(Metrics& metrics, Log const& to)
        : mailbox(metrics), gate(mailbox, to), control(mailbox), scripts(metrics), log(to) {}

    Mailbox mailbox;
    HookGate gate;
    HookFeed feed{mailbox};
    MailboxControl control;
    ScriptMetrics scripts;
    Log const& log;  ///< for what happens to scripts
};

}  // namespace ocilot::hookbox
