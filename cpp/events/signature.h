#pragma once

#include "base/clock.h"
#include "events/payload.h"
#include "events/signing_secret.h"

#include <span>

namespace ocilot::events {

/// Adds the headers of Standard Webhooks: `webhook-id`, `webhook-timestamp` and, with secrets,
/// `webhook-signature` with a signature of each, so that a receiver may know any of them while they rotate.
void sign(Payload& payload, std::span<SigningSecret const> secrets, Time now);

}  // namespace ocilot::events
