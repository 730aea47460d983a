#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blob/store.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::registry {

struct Registry;

/// Whether an upload was refused before its first byte, or ended in its body: then its bytes are dropped.
enum class OutOfRoom : std::uint8_t { refused, dropped };

/// Free space of the file system that holds the blobs, and the reserve that uploads leave free on it, so that
/// metadata can still be written: deletes, the garbage collection and logins need that. What is known is at
/// most a second old, minus the bytes that uploads have received since. A store that is in no file system
/// (see BlobStore::capacity) always has room. Thread-safe.
class StorageRoom {
  public:
    struct Parts {
        blob::BlobStore& blobs;
        Clock const& clock;  ///< that nobody sets
        Log const& log;
        Metrics& metrics;
    };
    static constexpr std::chrono::seconds fresh{1};
    /// Between two equal lines of the log.
    static constexpr std::chrono::minutes log_interval{1};

    /// `reserve` in bytes; 0: no upload is refused. `place` names the file system: its directory.
    StorageRoom(Parts parts, std::uint64_t reserve, std::string place);

    /// Counts `bytes` that an upload is about to write. False: call `require` before they are written.
    /// Makes no system call.
    [[nodiscard]] bool take(std::uint64_t bytes) noexcept;
    /// no_space if less than the reserve is free, or if `announced` bytes do not fit beside it. Measures the
    /// free space unless it is known; while another call measures, what was known decides.
    Task<Result<>> require(std::uint64_t announced = 0);
    /// Measures the free space, sets the metrics and logs whether the file system became full or has room
    /// again. Does nothing while another call measures.
    Task<Result<>> measure();
    /// One sentence with its free bytes and the reserve; nullopt if it is not full. Like all errors it is for
    /// everybody, and so does not name the directory.
    [[nodiscard]] std::optional<std::string> full() const;
    /// The directory, for the log and for administrators.
    [[nodiscard]] std::string const& place() const noexcept { return place_; }

    /// Counts and logs (at most once a minute) that an upload to `repository` found no room.
    void note(Error const& error, std::string_view repository, OutOfRoom outcome);

  private:
    [[nodiscard]] bool is_full(std::uint64_t free) const noexcept;
    [[nodiscard]] bool is_fresh() const noexcept;
    [[nodiscard]] std::string describe(std::uint64_t free) const;
    void store(blob::Capacity const& found);
    void log_change(std::uint64_t free);

    Parts parts_;
    std::uint64_t const reserve_;
    std::string const place_;
    Counter& refused_;
    Counter& dropped_;
    std::atomic<bool> limited_{false};  // Whether the store is in a file system.
    std::atomic<bool> measuring_{false};
    std::atomic<std::uint64_t> free_{0};
    std::atomic<std::uint64_t> taken_{0};  // Bytes that uploads received since that was measured.
    std::atomic<Time> measured_at_{Time::min()};
    std::mutex mutex_;
    bool logged_full_ = false;
    std::optional<Time> full_logged_at_;
    std::optional<Time> refusal_logged_at_;
    std::uint64_t not_logged_ = 0;
};

/// For the begin of an upload that announces `bytes` (0: unknown): no_space, counted as refused, if they do
/// not fit.
Task<Result<>> require_room(Registry& registry, std::string_view repository, std::uint64_t bytes);

/// Counts and logs that an upload found no room.
void note_out_of_room(Registry& registry, Error const& error, std::string_view repository, OutOfRoom outcome);

}  // namespace ocilot::registry
