#pragma once

#include "http/core/app.h"
#include "http/core/target.h"
#include "http/core/url.h"

#include <string_view>

namespace ocilot::http {

/// What a handler works with: a request that found its route, whose name is valid and whose caller may do it.
/// Everything is borrowed for the time of the request.
struct Context {
    Request const& request;
    Query const& query;
    Routes const& routes;
    registry::Registry& registry;
    auth::Guard& guard;
    auth::TokenServer* tokens;              ///< null where this registry gives out none
    auth::AccountManager* account_manager;  ///< null where there is nothing to administer
    auth::Sealer const& sealer;
    policy::HookControl* hooks;                     ///< null where nobody runs hooks
    ocilot::jobs::JobControl* jobs;                 ///< null where no jobs run
    ocilot::jobs::Collector* collector;             ///< null where nothing is collected
    ocilot::jobs::Retention* retention;             ///< null where no rules are applied
    auth::IgnoredPulls const* ignored_pulls;        ///< null: all pulls count
    ocilot::jobs::HookDeliveries* hook_deliveries;  ///< null where no scripts are told of events
    ocilot::jobs::Webhooks* webhooks;               ///< null where no events are delivered
    AppSettings const& settings;
    policy::Caller const& caller;
    oci::RepositoryName const* repository;  ///< null for the routes without a name
    std::string_view item;  ///< last segment where the route takes one: a digest, a reference, an id
    Urls urls;

    [[nodiscard]] oci::RepositoryName const& name() const noexcept { return *repository; }
    [[nodiscard]] bool is_head() const noexcept { return request.method == Method::head; }
};

}  // namespace ocilot::http
