#include "events/signature.h"

#include <fmt/format.h>

namespace ocilot::events {

void sign(Payload& payload, std::span<SigningSecret const> secrets, Time now) {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    auto const timestamp = fmt::format("{}", seconds);
    payload.headers.emplace_back("webhook-id", payload.id);
    payload.headers.emplace_back("webhook-timestamp", timestamp);
    if (secrets.empty()) return;
    auto const message = fmt::format("{}.{}.{}", payload.id, timestamp, payload.body);
    std::string signatures;
    for (auto const& secret : secrets) {
        if (!signatures.empty()) signatures += ' ';
        signatures += "v1," + secret.sign(message);
    }
    payload.headers.emplace_back("webhook-signature", std::move(signatures));
}

}  // namespace ocilot::events
