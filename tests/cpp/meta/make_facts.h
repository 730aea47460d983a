#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "meta/facts.h"
#include "oci/hasher.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::test {

inline constexpr std::string_view image_type = "application/vnd.oci.image.manifest.v1+json";

inline oci::RepositoryName repo(std::string_view name) {
    return oci::RepositoryName::parse(name).value();
}
inline oci::Tag tag(std::string_view name) {
    return oci::Tag::parse(name).value();
}
inline oci::Digest digest(std::string_view content) {
    return oci::digest_of(oci::Algorithm::sha256, content);
}
inline Time at(int second) {
    return Time(std::chrono::seconds(second));
}

inline meta::Actor const ann{.name = "ann", .kind = "user", .address = "192.0.2.1"};
inline meta::Actor const bob{.name = "bob", .kind = "robot", .address = "192.0.2.2"};

/// A manifest whose bytes are `content`, naming nothing.
inline meta::NewManifest a_manifest(oci::RepositoryName repository, std::string_view content,
                                    std::vector<oci::Tag> tags = {}, Time pushed_at = at(1)) {
    meta::NewManifest manifest{
        .repository = std::move(repository),
        .fact = {digest(content), std::string(image_type), content.size()},
        .required_blobs = {},
        .required_manifests = {},
        .blobs = {},
        .manifests = {},
        .subject = {},
        .artifact_type = {},
        .annotations = {},
        .tags = std::move(tags),
        .pushed_by = ann,
        .pushed_at = pushed_at,
    };
    return manifest;
}

/// A log into memory and metrics to look at.
struct Observers {
    MemorySink sink;
    SystemClock clock;
    Metrics metrics;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};

    std::uint64_t commits() { return metrics.counter("ocilot_meta_commits_total", "").value(); }
    std::uint64_t jobs() { return metrics.counter("ocilot_meta_commit_jobs_total", "").value(); }
};

}  // namespace ocilot::test
