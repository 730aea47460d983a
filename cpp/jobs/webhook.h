#pragma once

#include "events/encode.h"
#include "events/filter.h"
#include "events/signing_secret.h"
#include "events/source.h"
#include "jobs/delivery_rules.h"
#include "net/http_client.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// A receiver of events over HTTP, as configured.
struct Webhook {
    std::string name;
    std::string url;  ///< may hold a secret
    events::Packing packing = {};
    std::size_t batch = 1;  ///< events in a request
    events::Filter filter = {};
    std::vector<events::SigningSecret> secrets = {};
    net::HttpHeaders headers = {};
    std::chrono::milliseconds timeout{10'000};
    bool follows_redirects = false;  ///< to the same origin
    DeliveryRules rules = {};
    bool enabled = true;
    events::Source source = {};
    std::shared_ptr<net::HttpClient> client = {};

    [[nodiscard]] std::string consumer() const { return "webhook:" + name; }
};

}  // namespace ocilot::jobs
