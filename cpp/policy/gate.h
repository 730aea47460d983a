#pragma once

#include "base/result.h"
#include "base/task.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "oci/reference.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::policy {

/// Who asks. Anonymous if the name is empty.
struct Caller {
    std::string name;
    std::vector<std::string> groups;
    std::string address;  ///< numeric, without port
    [[nodiscard]] bool anonymous() const noexcept { return name.empty(); }
};

enum class Action : std::uint8_t { pull, push, remove };
[[nodiscard]] std::string_view to_string(Action action) noexcept;

/// What somebody wants to do. Without a repository it is about the registry as a whole (ping, catalog).
struct Access {
    std::optional<oci::RepositoryName> repository;
    Action action = Action::pull;
};

/// An answer; `reason` of a denial is shown to the caller.
struct Decision {
    bool allowed = false;
    std::string reason = {};
    static Decision allow() { return {true, {}}; }
    static Decision deny(std::string why) { return {false, std::move(why)}; }
};

/// A manifest about to be recorded. Borrowed for the question.
struct ManifestPush {
    Caller const& caller;
    oci::RepositoryName const& repository;
    std::vector<oci::Tag> const& tags;  ///< tags it will move; empty for a push by digest
    oci::Digest const& digest;
    oci::Manifest const& manifest;
    std::uint64_t size;  ///< bytes
};

/// A blob about to be linked to a repository, received or mounted.
struct BlobPush {
    Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Digest const& digest;
    std::uint64_t size;  ///< bytes
};

/// A tag or a manifest about to be removed.
struct Deletion {
    Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Reference const& reference;
};

/// The questions, as bits: a point that nobody implements is never asked.
enum class Point : std::uint8_t { authorize = 1, admit_manifest = 2, admit_blob = 4, admit_delete = 8 };

/// The questions put to others. An error is a refusal (deny by default).
class Gate {
  public:
    virtual ~Gate() = default;
    [[nodiscard]] virtual bool asks(Point point) const noexcept = 0;
    /// nullopt: not decided here, ask the rules.
    virtual Task<Result<std::optional<Decision>>> authorize(Caller const& caller, Access const& access) = 0;
    virtual Task<Result<Decision>> admit_manifest(ManifestPush push) = 0;
    virtual Task<Result<Decision>> admit_blob(BlobPush push) = 0;
    virtual Task<Result<Decision>> admit_delete(Deletion deletion) = 0;
};

/// The gate of a registry without hooks: nothing is asked.
class OpenGate final : public Gate {
  public:
    [[nodiscard]] bool asks(Point) const noexcept override { return false; }
    Task<Result<std::optional<Decision>>> authorize(Caller const& caller, Access const& access) override;
    Task<Result<Decision>> admit_manifest(ManifestPush push) override;
    Task<Result<Decision>> admit_blob(BlobPush push) override;
    Task<Result<Decision>> admit_delete(Deletion deletion) override;
};

}  // namespace ocilot::policy
