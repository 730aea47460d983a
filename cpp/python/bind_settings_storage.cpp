#include "python/settings_class.h"

#include <cstdint>
#include <optional>
#include <pybind11/stl.h>
#include <string>
#include <tuple>
#include <vector>

namespace ocilot::python {

using server::Settings;
using server::StorageSettings;
using server::UpkeepSettings;
using server::UploadSettings;

namespace {

/// A quota is a tuple in Python: patterns of repositories, subjects, bytes, tags.
void init_quotas(SettingsClass& settings) {
    using Quota = std::tuple<std::vector<std::string>, std::vector<std::string>, std::optional<std::uint64_t>,
                             std::optional<std::uint64_t>>;
    settings.def_property(
        "quotas",
        [](Settings const& self) {
            std::vector<Quota> quotas;
            for (auto const& rule : self.storage.quotas) {
                quotas.emplace_back(rule.repositories, rule.callers, rule.bytes, rule.tags);
            }
            return quotas;
        },
        [](Settings& self, std::vector<Quota> quotas) {
            self.storage.quotas.clear();
            for (auto& [repositories, callers, bytes, tags] : quotas) {
                self.storage.quotas.push_back({std::move(repositories), std::move(callers), bytes, tags});
            }
        },
        "Quotas, each of patterns of repositories or subjects, most bytes and most tags; None: any number.");
}

}  // namespace

void init_storage_settings(SettingsClass& settings) {
    field(settings, "root", &Settings::storage, &StorageSettings::root, "Directory of blobs and metadata.");
    field(settings, "in_memory", &Settings::storage, &StorageSettings::in_memory,
          "Whether storage is in memory only.");
    field(settings, "deletes", &Settings::storage, &StorageSettings::deletes, "Whether clients may delete.");
    field(settings, "delete_referenced", &Settings::storage, &StorageSettings::delete_referenced,
          "Whether a blob that a manifest of the repository references may be deleted.");
    field(settings, "storage_reserve", &Settings::storage, &StorageSettings::reserve,
          "Bytes of the file system that uploads leave free; 0: none.");
    field(settings, "strict_sizes", &Settings::storage, &StorageSettings::strict_sizes,
          "Whether a descriptor with a wrong size is refused.");
    field(settings, "sparse", &Settings::storage, &StorageSettings::sparse,
          "Patterns of repositories whose manifests may name what is not there; set the whole list, reading "
          "it gives a copy.");
    init_quotas(settings);
    field(settings, "purge_uploads", &Settings::uploads, &UploadSettings::purge,
          "Whether abandoned uploads are removed.");
    seconds(settings, "upload_age", &Settings::uploads, &UploadSettings::age,
            "Seconds without a byte after which an upload is abandoned.");
    seconds(settings, "purge_interval", &Settings::uploads, &UploadSettings::purge_interval,
            "Seconds between two purges.");
    field(settings, "repository_upload_limit", &Settings::uploads, &UploadSettings::per_repository,
          "Unfinished uploads of one repository; 0: any number.");
    field(settings, "caller_upload_limit", &Settings::uploads, &UploadSettings::per_caller,
          "Unfinished uploads of one caller; 0: any number.");
    field(settings, "gc", &Settings::upkeep, &UpkeepSettings::gc,
          "Whether content that is not needed any more is removed.");
    seconds(settings, "gc_grace", &Settings::upkeep, &UpkeepSettings::gc_grace,
            "Seconds that it is kept before.");
    seconds(settings, "gc_pending", &Settings::upkeep, &UpkeepSettings::gc_pending,
            "Seconds that content without a manifest is kept at least.");
    field(settings, "gc_rate", &Settings::upkeep, &UpkeepSettings::gc_rate,
          "Objects a second; 0: as fast as it can.");
    field(settings, "scrub", &Settings::upkeep, &UpkeepSettings::scrub,
          "Whether blobs are read again in the background.");
    field(settings, "scrub_rate", &Settings::upkeep, &UpkeepSettings::scrub_rate,
          "Bytes a second; 0: as fast as it can.");
    seconds(settings, "scrub_interval", &Settings::upkeep, &UpkeepSettings::scrub_interval,
            "Seconds between two rounds of that.");
    seconds(settings, "audit_age", &Settings::upkeep, &UpkeepSettings::audit_age,
            "Seconds that the audit log keeps entries; 0: unlimited.");
    seconds(settings, "history_age", &Settings::upkeep, &UpkeepSettings::history_age,
            "Seconds that tag histories keep entries; 0: unlimited.");
    field(settings, "history_entries", &Settings::upkeep, &UpkeepSettings::history_entries,
          "Entries kept of the history of a tag; 0: any number.");
}

}  // namespace ocilot::python
