#pragma once

#include "base/result.h"
#include "base/task.h"
#include "oci/digest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::meta {

/// A page of a walk. `next` is where the page after it starts; empty at the end.
template <class T>
struct AuditPage {
    std::vector<T> items;
    std::string next;
};

/// Facts as they are stored, believed by nobody yet: a digest is a text that may be none.
struct LinkRecord {
    std::string repository;
    std::string digest;
    std::uint64_t size = 0;  ///< bytes
    bool quarantined = false;
};
struct EdgeRecord {
    std::string kind;  ///< `blob` or `manifest`
    std::string child;
    friend auto operator<=>(EdgeRecord const&, EdgeRecord const&) = default;
};
struct ManifestRecord {
    std::string repository;
    std::string digest;
    std::string media_type;
    std::uint64_t size = 0;  ///< bytes
    std::string subject;     ///< empty without
    std::vector<EdgeRecord> edges;
    bool quarantined = false;
};
struct TagRecord {
    std::string repository;
    std::string name;
    std::string digest;
    bool manifest_known = false;  ///< the repository holds the manifest
};
struct SessionRecord {
    std::string id;
    std::string repository;
};

/// How often a digest is named by links and manifests, those that can be restored included, and with which
/// sizes in bytes.
struct DigestUsage {
    std::uint64_t times = 0;
    std::uint64_t min_size = 0;
    std::uint64_t max_size = 0;
};

/// Looks at everything that is recorded, a page at a time, for those who compare it with the bytes. Each page
/// is a consistent moment; what comes and goes between two pages may be missed. A walk starts with an empty
/// `from`. Thread-safe; Tasks may come from any I/O context.
class Audit {
  public:
    virtual ~Audit() = default;

    /// By digest: the links to one blob follow each other.
    virtual Task<Result<AuditPage<LinkRecord>>> links(std::string from, std::size_t limit) = 0;
    virtual Task<Result<AuditPage<ManifestRecord>>> manifests(std::string from, std::size_t limit) = 0;
    virtual Task<Result<AuditPage<TagRecord>>> tags(std::string from, std::size_t limit) = 0;
    /// Upload sessions.
    virtual Task<Result<AuditPage<SessionRecord>>> sessions(std::string from, std::size_t limit) = 0;
    virtual Task<Result<DigestUsage>> usage(oci::Digest const& digest) = 0;
    /// What is wrong with the store of the facts itself, in its own words; at most a hundred.
    virtual Task<Result<std::vector<std::string>>> damage() = 0;
};

}  // namespace ocilot::meta
