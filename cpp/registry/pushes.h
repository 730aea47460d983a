#pragma once

#include "base/suspend.h"
#include "oci/digest.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ocilot::registry {

/// Which digests are being pushed right now, so that nobody takes away bytes that a push relies on.
/// Thread-safe; outlives what it hands out.
class Pushes {
  public:
    /// A push of one digest: held from before its bytes are stored until its facts are.
    class Push {
      public:
        Push(Pushes& pushes, oci::Digest digest) noexcept : pushes_(&pushes), digest_(digest) {}
        Push(Push&& other) noexcept
            : pushes_(std::exchange(other.pushes_, nullptr)), digest_(other.digest_) {}
        Push& operator=(Push&&) = delete;
        ~Push();

      private:
        Pushes* pushes_;
        oci::Digest digest_;
    };

    /// An inspection of the bytes of one digest, by somebody who may take them away. One at a time for a
    /// digest.
    class Inspection {
      public:
        /// Of one that has begun.
        Inspection(Pushes& pushes, oci::Digest digest) noexcept : pushes_(pushes), digest_(digest) {}
        Inspection(Inspection const&) = delete;
        Inspection& operator=(Inspection const&) = delete;
        /// Lets the pushes that wait go on.
        ~Inspection();

        [[nodiscard]] oci::Digest const& digest() const noexcept { return digest_; }
        /// From now on pushes of the digest wait for the end of this inspection. False, and they go on, if
        /// one was under way since the inspection began (or since the last such answer): it may have stored
        /// other bytes.
        [[nodiscard]] bool stop_pushes();

      private:
        Pushes& pushes_;
        oci::Digest digest_;
    };

    /// An inspection, unless one of this digest is under way: then null.
    [[nodiscard]] std::unique_ptr<Inspection> inspect(oci::Digest digest);
    /// Whether its bytes may be stored before their facts are. If not, bytes without facts are an orphan.
    [[nodiscard]] bool is_under_way(oci::Digest const& digest);
    /// Waits while pushes of the digest are stopped.
    Task<Push> begin(oci::Digest digest);

  private:
    struct Entry {
        std::size_t under_way = 0;
        bool is_inspected = false;
        bool is_stopped = false;
        bool has_new_push = false;  ///< a push, since the inspection began
        std::vector<Resume<bool>> waiting = {};
    };

    bool begin_inspection(oci::Digest const& digest);
    bool try_begin(oci::Digest const& digest);
    void wait(oci::Digest const& digest, Resume<bool> resume);

    std::mutex mutex_;
    std::unordered_map<oci::Digest, Entry> entries_;
};

}  // namespace ocilot::registry
