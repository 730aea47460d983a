#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/uuid.h"
#include "meta/uploads.h"
#include "oci/hasher.h"
#include "oci/name.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::registry {

/// What the URL of an upload session proves: that this registry opened it for this repository and owner.
struct OpenedUpload {
    Uuid id;
    oci::Algorithm algorithm = oci::Algorithm::sha256;
    Time at;
    std::string opener = {};  ///< the process, as holder() calls it
    bool here = false;        ///< by this process: nobody else can know the session
};

/// Makes and reads the last segment of an upload session's URL: its id, a dot, and in hexadecimal digits the
/// version of the key, algorithm, time and opening process, with a MAC (HMAC-SHA-256, 128 bits) over these,
/// the repository and the owner. So a session without bytes needs no row and no memory, and any process with
/// the key can go on with it. Thread-safe.
class UploadSeal {
  public:
    UploadSeal(meta::UploadKey const& key, Random& random);

    [[nodiscard]] std::string seal(OpenedUpload const& upload, oci::RepositoryName const& repository,
                                   std::string_view owner) const;
    /// nullopt for what was not sealed with this key, for this repository and owner.
    [[nodiscard]] std::optional<OpenedUpload> open(std::string_view segment,
                                                   oci::RepositoryName const& repository,
                                                   std::string_view owner) const;
    /// What this process is called as the holder of sessions.
    [[nodiscard]] std::string holder() const;

  private:
    static constexpr std::size_t mac_size = 16;
    using Mac = std::array<std::byte, mac_size>;

    [[nodiscard]] Mac mac(Uuid const& id, std::string_view head, oci::RepositoryName const& repository,
                          std::string_view owner) const;

    oci::Hasher inner_{oci::Algorithm::sha256};  ///< HMAC's, after the key.
    oci::Hasher outer_{oci::Algorithm::sha256};
    std::array<std::byte, 6> process_{};
};

}  // namespace ocilot::registry
