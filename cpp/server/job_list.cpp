#include "server/job_list.h"

#include "jobs/journal.h"
#include "jobs/measure_storage.h"
#include "jobs/rank_repositories.h"
#include "jobs/record_pulls.h"
#include "jobs/scrub.h"
#include "jobs/tag_history.h"
#include "jobs/uploads.h"
#include "jobs/watch_quotas.h"
#include "registry/sessions.h"
#include "registry/storage_room.h"
#include "server/sync_wait.h"

#include <algorithm>
#include <memory>

namespace ocilot::server {

namespace {

using std::chrono::seconds;
using Items = Task<Result<std::size_t>>;

constexpr seconds often{1};
constexpr seconds key_interval{10};
constexpr std::chrono::hours audit_interval{1};
constexpr std::chrono::hours history_interval{24};
constexpr std::chrono::hours measure_interval{1};
constexpr seconds free_space_interval{10};
constexpr seconds rank_interval{60};
constexpr seconds quota_interval{60};
constexpr std::chrono::minutes pin_interval{5};
constexpr std::chrono::minutes retention_interval{1};  // Between two looks at what is due.

/// A pair that does not fit leaves the old one in force.
Items reload_certificates(net::TlsCertificates& certificates, BlockingPool& pool, Log const& log) {
    CO_TRY(bool const changed,
           co_await pool.run([&certificates] { return certificates.reload_if_changed(); }));
    if (changed) log.info("certificate reloaded");
    co_return changed ? std::size_t{1} : std::size_t{0};
}

jobs::Job expire_uploads(JobListParts const& parts) {
    auto const& settings = parts.settings;
    auto& registry = parts.registry;
    auto const& log = parts.log;
    auto& metrics = parts.metrics;
    return {.name = "expire-uploads",
            .purpose = "Remove upload sessions that were not finished in time.",
            .interval = settings.uploads.purge_interval,
            .round =
                [&registry, age = settings.uploads.age, &log, &metrics](jobs::Round const& round) {
                    return jobs::expire_uploads(registry, age, round, log, metrics);
                },
            .scope = jobs::JobScope::registry,
            .enabled = settings.uploads.purge};
}

jobs::Job collect_garbage(JobListParts const& parts) {
    auto& collector = parts.collector;
    return {.name = "collect-garbage",
            .purpose = "Remove manifests, blob links and blobs that nothing needs any more.",
            .interval = collector.rules().interval(),
            .round = [&collector](jobs::Round const& round) { return collector.round(round); },
            .scope = jobs::JobScope::registry,
            .enabled = parts.settings.upkeep.gc};
}

jobs::Job apply_retention(JobListParts const& parts) {
    auto& retention = parts.retention;
    return {.name = "apply-retention",
            .purpose = "Delete the tags and manifests that the policies of retention select.",
            .interval = retention_interval,
            .round = [&retention](jobs::Round const& round) { return retention.round(round); },
            .scope = jobs::JobScope::registry,
            .enabled = parts.settings.retention.scheduled};
}

jobs::Job pin_images(JobListParts const& parts) {
    auto& retention = parts.retention;
    return {.name = "pin-images",
            .purpose = "Keep the manifests that lists of images in use and hooks name by digest.",
            .interval = pin_interval,
            .round = [&retention](jobs::Round const& round) { return retention.pin(round); },
            .scope = jobs::JobScope::registry};
}

jobs::Job expire_audit_log(JobListParts const& parts) {
    jobs::JournalRules const rules{.age = parts.settings.upkeep.audit_age,
                                   .keep = parts.settings.events.keep,
                                   .keep_entries = parts.settings.events.keep_entries};
    auto& registry = parts.registry;
    auto const& log = parts.log;
    auto& metrics = parts.metrics;
    return {.name = "expire-audit-log",
            .purpose = "Remove entries of the audit log that are older than the configured age.",
            .interval = audit_interval,
            .round = [&registry, rules, &log, &metrics](jobs::Round const& round) -> Items {
                return jobs::prune_journal(registry.meta, registry.sessions.now(), rules, round, log,
                                           metrics);
            },
            .scope = jobs::JobScope::registry,
            .enabled = rules.age > seconds(0) || rules.keep > seconds(0)};
}

jobs::Job expire_tag_history(JobListParts const& parts) {
    jobs::HistoryLimits const limits{parts.settings.upkeep.history_age,
                                     parts.settings.upkeep.history_entries};
    auto& registry = parts.registry;
    return {.name = "expire-tag-history",
            .purpose = "Remove entries of tag histories beyond the configured age and number.",
            .interval = history_interval,
            .round = [&registry, limits](jobs::Round const& round) -> Items {
                return jobs::prune_tag_history(registry.meta.catalog(), registry.sessions.now(), limits,
                                               round);
            },
            .scope = jobs::JobScope::registry,
            .enabled = limits.age > seconds(0) || limits.per_tag > 0};
}

jobs::Job measure_storage(JobListParts const& parts) {
    auto& registry = parts.registry;
    auto& metrics = parts.metrics;
    return {.name = "measure-storage",
            .purpose = "Count the blobs that repositories hold, and their bytes, for the metrics.",
            .interval = measure_interval,
            .round =
                [&registry, &metrics](jobs::Round const& round) {
                    return jobs::measure_storage(registry.meta.audit(), round, metrics);
                },
            .scope = jobs::JobScope::process};
}

jobs::Job rank_repositories(JobListParts const& parts) {
    auto ranks = std::make_shared<jobs::RankRepositories>(parts.registry.meta);
    return {.name = "rank-repositories",
            .purpose = "Sort repositories that have changed by size and by last push, for lists.",
            .interval = rank_interval,
            .round = [ranks](jobs::Round const& round) { return ranks->round(round); },
            .scope = jobs::JobScope::registry};
}

jobs::Job watch_quotas(JobListParts const& parts) {
    auto watch = std::make_shared<jobs::WatchQuotas>(parts.registry, parts.access.has_tokens(), parts.log);
    return {.name = "watch-quotas",
            .purpose = "Report repositories and callers that use 80 % of a quota.",
            .interval = quota_interval,
            .round = [watch](jobs::Round const& round) { return watch->round(round); },
            .scope = jobs::JobScope::registry};
}

Items measure_free_space(registry::StorageRoom& room) {
    CO_CHECK(co_await room.measure());
    co_return std::size_t{1};
}

jobs::Job measure_free_space(JobListParts const& parts) {
    auto& room = *parts.registry.room;
    return {.name = "measure-free-space",
            .purpose = "Measure the free space of the file system, for the metrics and the log.",
            .interval = free_space_interval,
            .round = [&room](jobs::Round const&) { return measure_free_space(room); },
            .scope = jobs::JobScope::process};
}

jobs::Job flush_refusals(JobListParts const& parts) {
    auto& refusals = parts.refusals;
    return {.name = "flush-refusals",
            .purpose = "Write refused requests and logins to the audit log.",
            .interval = often,
            .round = [&refusals](jobs::Round const&) { return refusals.flush(); }};
}

jobs::Job record_pulls(JobListParts const& parts) {
    auto& registry = parts.registry;
    auto const& log = parts.log;
    return {.name = "record-pulls",
            .purpose = "Record the times and counts of pulls.",
            .interval = std::max(parts.settings.pulls.interval, often),
            .round = [&registry, &log](jobs::Round const&) { return jobs::record_pulls(registry, log); }};
}

jobs::Job rotate_keys(JobListParts const& parts) {
    auto& access = parts.access;
    return {
        .name = "rotate-keys",
        .purpose = "Reload the signing keys, and create a new one when the newest is due for replacement.",
        .interval = key_interval,
        .round = [&access](jobs::Round const&) { return access.refresh_keys(); }};
}

jobs::Job record_token_use(JobListParts const& parts) {
    auto& access = parts.access;
    return {.name = "record-token-use",
            .purpose = "Record the last use of access tokens.",
            .interval = key_interval,
            .round = [&access](jobs::Round const&) { return access.record_token_use(); }};
}

jobs::Job reload_certificates(JobListParts const& parts) {
    auto& certificates = *parts.certificates;
    auto& pool = parts.pool;
    auto const& log = parts.log;
    return {.name = "reload-certificates",
            .purpose = "Reload the TLS certificate and key when their files change.",
            .interval = often,
            .round = [&certificates, &pool, &log](jobs::Round const&) {
                return reload_certificates(certificates, pool, log);
            }};
}

jobs::Job scrub(JobListParts const& parts, seconds interval, seconds first_delay) {
    auto const& settings = parts.settings;
    jobs::ScrubRules const rules{.rate = settings.upkeep.scrub_rate};
    auto& registry = parts.registry;
    auto& blobs = parts.blobs;
    auto const& log = parts.log;
    auto& metrics = parts.metrics;
    return {.name = "scrub",
            .purpose = "Read every blob and quarantine those whose bytes do not match their digest.",
            .interval = interval,
            .round =
                [&registry, &blobs, rules, &log, &metrics](jobs::Round const& round) {
                    return jobs::scrub(registry, blobs, rules, round, log, metrics);
                },
            .first_delay = first_delay,
            .scope = jobs::JobScope::registry,
            .enabled = settings.upkeep.scrub};
}

}  // namespace

Result<std::vector<jobs::Job>> job_list(JobListParts parts) {
    std::vector<jobs::Job> list;
    list.push_back(expire_uploads(parts));
    list.push_back(collect_garbage(parts));
    list.push_back(apply_retention(parts));
    list.push_back(pin_images(parts));
    list.push_back(expire_audit_log(parts));
    list.push_back(expire_tag_history(parts));
    list.push_back(measure_storage(parts));
    list.push_back(rank_repositories(parts));
    if (parts.registry.rules.has_quotas()) list.push_back(watch_quotas(parts));
    if (parts.registry.room != nullptr) list.push_back(measure_free_space(parts));
    list.push_back(flush_refusals(parts));
    if (parts.registry.pulls != nullptr) list.push_back(record_pulls(parts));
    if (parts.access.has_tokens()) {
        list.push_back(rotate_keys(parts));
        list.push_back(record_token_use(parts));
    }
    if (parts.certificates != nullptr) list.push_back(reload_certificates(parts));
    // Memory has no disk to rot on.
    if (!parts.settings.storage.in_memory) {
        auto const interval = std::max(parts.settings.upkeep.scrub_interval, seconds(1));
        TRY(auto const due_in, sync_wait(jobs::scrub_due_in(parts.registry, interval)));
        list.push_back(scrub(parts, interval, seconds(due_in)));
    }
    return list;
}

}  // namespace ocilot::server
