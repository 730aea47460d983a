#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "jobs/retention_rules.h"
#include "meta/retention_policies.h"

#include <optional>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// A policy of the configuration, or one that was set over the API.
struct KnownPolicy {
    std::string name;
    std::string content;               ///< as JSON, with its name
    bool configured = false;           ///< else it was set over the API
    bool in_force = true;              ///< false: the configuration has one with this name
    std::optional<Time> changed_at{};  ///< over the API
    std::string changed_by = {};
    std::string error = {};  ///< why it cannot be read, if it cannot
};

/// What counts of the policies in force as far as it can be read.
struct ReadablePolicies {
    RetentionRules rules;                      ///< their version is that of all, as PoliciesInForce::version
    std::vector<KnownPolicy> unreadable = {};  ///< nothing is deleted while there is one
};

/// The policies of retention: those of the configuration, and those in the metadata, which clients set. The
/// latter are read for each question, so that what a client has set on any replica is in force at once.
/// Thread-safe.
class PoliciesInForce {
  public:
    PoliciesInForce(registry::Registry& registry, RetentionRules configured, Log const& log,
                    Metrics& metrics);

    /// All of them. conflict if one in the metadata cannot be read: without its rules, too much could be
    /// deleted.
    Task<Result<RetentionRules>> rules();
    /// For what only shows them.
    Task<Result<ReadablePolicies>> readable();
    /// RetentionRules::version of these.
    Task<Result<std::string>> version();
    /// First those of the configuration, then the others by name.
    Task<Result<std::vector<KnownPolicy>>> list();
    /// not_found.
    Task<Result<KnownPolicy>> find(std::string name);

    /// Adds or replaces a policy; answers whether it is new. `content` is JSON and has the name. bad_request
    /// with what is wrong; conflict if the configuration has one with this name, or if there are too many.
    Task<Result<bool>> set(std::string name, std::string content, meta::Actor by);
    /// not_found; conflict if the configuration has it.
    Task<Result<>> remove(std::string name, meta::Actor by);
    /// Renews the metric: another replica may have set some.
    Task<Result<>> measure();
    /// Logs those that have no effect, because the configuration has one with their name.
    Task<Result<>> log_overridden();

  private:
    /// Of the metadata, without those that have no effect.
    Task<Result<std::vector<meta::StoredPolicy>>> stored();
    [[nodiscard]] bool is_configured(std::string_view name) const noexcept;
    /// conflict, with what to do.
    [[nodiscard]] Result<> check_not_configured(std::string_view name) const;
    /// The JSON of all policies. What was written is not changed: its version is that of its text.
    [[nodiscard]] std::string source_of(std::vector<meta::StoredPolicy> const& stored) const;
    [[nodiscard]] meta::Change change(meta::ChangeKind kind, std::string const& name,
                                      meta::Actor const& by) const;

    registry::Registry& registry_;
    RetentionRules const configured_;
    Log const& log_;
    Gauge& configured_count_;
    Gauge& stored_count_;
};

}  // namespace ocilot::jobs
