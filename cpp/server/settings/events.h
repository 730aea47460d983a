#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

/// An endpoint of `notifications.endpoints`, or an entry of `ocilot.webhooks`.
struct WebhookSettings {
    std::string name = {};
    std::string url = {};
    std::string format = "cloudevents";
    bool enabled = true;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<std::string> secrets = {};
    std::vector<std::string> secret_files = {};  ///< each with one
    std::vector<std::string> repositories = {};
    std::vector<std::string> except = {};
    std::vector<std::string> tags = {};
    std::vector<std::string> actions = {};
    std::vector<std::string> media_types = {};
    std::vector<std::string> artifact_types = {};
    std::vector<std::string> callers = {};
    std::vector<std::string> ignored_media_types = {};
    std::vector<std::string> ignored_actions = {};
    std::uint64_t batch = 1;  ///< events in a request
    std::chrono::seconds timeout{10};
    std::string redirects = "never";  ///< or `same-origin`
    std::uint64_t attempts = 80;
    std::uint64_t threshold = 10;
    std::chrono::seconds backoff{5};
    std::string authorities = {};  ///< PEM file; empty: those of the system
    std::string certificate = {};
    std::string key = {};
    std::string proxy = {};               ///< empty: those of the environment; `none`
    std::vector<std::string> allow = {};  ///< networks beside the public ones; `*`: every address
};

/// What receivers get of the change log (`notifications`, `ocilot.webhooks`, `ocilot.events`).
struct EventSettings {
    /// nullopt: nothing is delivered, and places of webhooks stay as they are.
    std::optional<std::vector<WebhookSettings>> webhooks = {};
    std::chrono::seconds keep{720 * 3600};    ///< for consumers that have not got them; 0: without end
    std::uint64_t keep_entries = 10'000'000;  ///< the same by number; 0: any
    std::string pulls = "off";                ///< `off`, `sampled` or `all`
};

}  // namespace ocilot::server
