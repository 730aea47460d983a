#pragma once

#include "base/result.h"
#include "base/task.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "oci/reference.h"
#include "policy/caller.h"
#include "policy/in_use.h"
#include "policy/tag_history.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ocilot::policy {

/// An answer; `reason` of a denial is shown to the caller.
struct Decision {
    bool allowed = false;
    std::string reason = {};
    std::chrono::seconds ttl{0};  ///< how long the same answer holds; 0: as long as the asker likes
    std::string by = {};          ///< the script that decided, for whoever wants to know why
    static Decision allow() { return {true, {}}; }
    static Decision deny(std::string why) { return {false, std::move(why)}; }
};

/// A login that was decided: who it is, or why not.
using Login = std::variant<Caller, Decision>;

/// A manifest about to be recorded. Borrowed for the question.
struct ManifestPush {
    Caller const& caller;
    oci::RepositoryName const& repository;
    std::vector<oci::Tag> const& tags;  ///< tags it will move; empty for a push by digest
    oci::Digest const& digest;
    oci::Manifest const& manifest;
    std::uint64_t size;           ///< bytes
    std::string_view bytes = {};  ///< as the client sent it
    std::string_view config =
        {};  ///< bytes of the image's configuration; empty if there is none or a large one
};

/// A blob about to be linked to a repository, received or mounted.
struct BlobPush {
    Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Digest const& digest;
    std::uint64_t size;  ///< bytes
};

/// A manifest that refers to another (distribution-spec, "Listing Referrers").
struct Referrer {
    std::string digest;
    std::string artifact_type;     ///< may be empty
    std::string annotations_json;  ///< an object of strings
};

/// A tag about to be set. Borrowed for the question.
struct TagMove {
    Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Tag const& tag;
    oci::Digest const& digest;                     ///< where it will point
    std::optional<oci::Digest> const& previous;    ///< where it points now; nullopt for a new tag
    std::vector<Referrer> const& referrers;        ///< of `digest`, the first 100
    std::vector<std::string> const& sibling_tags;  ///< those of `sha256-<hex>…` that stand for `digest`
};

/// What a deletion takes away: a digest alone does not tell a manifest from a blob.
enum class Removed : std::uint8_t { tag, manifest, blob };
/// `tag`, `manifest`, `blob`.
[[nodiscard]] std::string_view to_string(Removed kind) noexcept;

/// A tag, a manifest or a blob about to be removed from a repository: one question, however many tags need
/// it. Borrowed for the question.
struct Deletion {
    Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Reference const& reference;
    Removed kind;
    std::vector<std::string> const& tags;  ///< all that need the manifest or the blob; empty for a tag
};

/// The questions, as bits: a point that nobody implements is never asked.
enum class Point : std::uint16_t {
    authorize = 1,
    admit_manifest = 2,
    admit_blob = 4,
    admit_delete = 8,
    authenticate = 16,
    admit_tag = 32,
    admit_mirror = 64,
    retain = 128,
    images_in_use = 256,
};

/// The questions put to others. An error is a refusal (deny by default).
class Gate {
  public:
    virtual ~Gate() = default;
    [[nodiscard]] virtual bool asks(Point point) const noexcept = 0;
    /// Grows whenever others come to answer: what they decided before does not hold any more.
    [[nodiscard]] virtual std::uint64_t generation() const noexcept { return 0; }
    /// nullopt: nobody here knows the name.
    virtual Task<Result<std::optional<Login>>> authenticate(Credentials credentials) = 0;
    /// nullopt: not decided here, ask the rules.
    virtual Task<Result<std::optional<Decision>>> authorize(Caller const& caller, Access const& access) = 0;
    virtual Task<Result<Decision>> admit_manifest(ManifestPush push) = 0;
    virtual Task<Result<Decision>> admit_blob(BlobPush push) = 0;
    virtual Task<Result<Decision>> admit_tag(TagMove move) = 0;
    virtual Task<Result<Decision>> admit_delete(Deletion deletion) = 0;
    /// Tags that a hook keeps when a plan of retention is made. An error keeps all.
    virtual Task<Result<std::vector<KeptTag>>> retain(TagHistory history) = 0;
    /// What hooks name as in use at a time, one list for each of them. An error deletes nothing.
    virtual Task<Result<std::vector<ImagesInUse>>> images_in_use(Time at) = 0;
};

/// The gate of a registry without hooks: nothing is asked.
class OpenGate : public Gate {
  public:
    [[nodiscard]] bool asks(Point) const noexcept override { return false; }
    Task<Result<std::optional<Login>>> authenticate(Credentials credentials) override;
    Task<Result<std::optional<Decision>>> authorize(Caller const& caller, Access const& access) override;
    Task<Result<Decision>> admit_manifest(ManifestPush push) override;
    Task<Result<Decision>> admit_blob(BlobPush push) override;
    Task<Result<Decision>> admit_tag(TagMove move) override;
    Task<Result<Decision>> admit_delete(Deletion deletion) override;
    Task<Result<std::vector<KeptTag>>> retain(TagHistory history) override;
    Task<Result<std::vector<ImagesInUse>>> images_in_use(Time at) override;
};

}  // namespace ocilot::policy
