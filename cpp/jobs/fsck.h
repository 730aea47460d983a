#pragma once

#include "blob/storage.h"
#include "meta/audit.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::jobs {

/// What can be found to differ. The first group is wrong; the second is told and harms nobody.
enum class Finding : std::uint8_t {
    wrong_digest,      ///< the bytes of a blob do not hash to its name
    wrong_size,        ///< a blob is longer or shorter than recorded
    missing_bytes,     ///< a link or a manifest is recorded and has no bytes
    quarantined,       ///< the scrub found the bytes wrong and took them away; pushing them again heals it
    unreadable,        ///< the disk or the database does not give it back
    bad_manifest,      ///< the bytes of a manifest do not parse
    wrong_edges,       ///< what is recorded that a manifest names is not what it names
    dangling_tag,      ///< a tag points to a manifest that is not there
    bad_fact,          ///< a recorded value is none of its kind
    damaged_database,  ///< the database does not agree with itself

    orphan,                  ///< bytes that nobody names
    stray,                   ///< a file among the blobs that is none
    upload_without_session,  ///< received bytes that no session knows: a push under way, or what a crash left
    session_without_bytes,   ///< a session without received bytes
};

/// `wrong_digest` and so on, as above.
[[nodiscard]] std::string_view to_string(Finding finding) noexcept;
/// Whether it is wrong.
[[nodiscard]] bool is_error(Finding finding) noexcept;

/// One difference.
struct Problem {
    Finding finding;
    std::string subject;     ///< digest, tag, path or id
    std::string repository;  ///< empty if it is of none or of several
    std::string message;     ///< one sentence: what, and what to do
};

/// What was looked at.
struct FsckCounts {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;  ///< of blobs that were read
    std::uint64_t links = 0;
    std::uint64_t manifests = 0;
    std::uint64_t tags = 0;
    std::uint64_t uploads = 0;
    std::uint64_t errors = 0;
    std::uint64_t notes = 0;  ///< differences that are not wrong
};

/// Who is told.
class FsckWatcher {
  public:
    virtual ~FsckWatcher() = default;
    virtual void found(Problem const& problem) = 0;
    /// Asked every few milliseconds; false ends the check.
    virtual bool should_continue() = 0;
};

/// Compares every fact with the bytes and the bytes with their names, and tells each difference; `hash` says
/// whether blobs are read whole. Changes nothing and holds a page at a time; may run beside a registry. What
/// cannot be read is a difference too: only `should_continue` ends it early, with cancelled.
Task<Result<FsckCounts>> fsck(blob::Storage& blobs, meta::Audit& audit, bool hash, FsckWatcher& watcher);

}  // namespace ocilot::jobs
