#include "registry/storage_room.h"

#include "registry/registry.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace ocilot::registry {

namespace {

constexpr std::string_view advice =
    "delete images and run `ocilot gc run --now`, remove unfinished uploads with `ocilot upload rm`, or "
    "enlarge the file system";

Counter& uploads_counter(Metrics& metrics, std::string_view outcome) {
    return metrics.counter("ocilot_uploads_out_of_space_total",
                           "Uploads refused, or dropped in their body, because the file system was full.",
                           {{"outcome", std::string(outcome)}});
}

/// `12.5 MiB`.
std::string size_text(std::uint64_t bytes) {
    constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    auto size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
    return fmt::format("{:.1f} {}", size, units[unit]);
}

/// Ends a measurement however it ends.
class Measuring {
  public:
    explicit Measuring(std::atomic<bool>& flag) noexcept : flag_(flag) {}
    ~Measuring() { flag_.store(false); }
    Measuring(Measuring const&) = delete;
    Measuring& operator=(Measuring const&) = delete;

  private:
    std::atomic<bool>& flag_;
};

}  // namespace

StorageRoom::StorageRoom(Parts parts, std::uint64_t reserve, std::string place)
    : parts_(parts),
      reserve_(reserve),
      place_(std::move(place)),
      refused_(uploads_counter(parts.metrics, "refused")),
      dropped_(uploads_counter(parts.metrics, "dropped")) {}

bool StorageRoom::is_full(std::uint64_t free) const noexcept {
    return free < std::max<std::uint64_t>(reserve_, 1);
}

bool StorageRoom::is_fresh() const noexcept {
    auto const now = parts_.clock.now();
    auto const at = measured_at_.load();
    return at <= now && now - at < fresh;
}

bool StorageRoom::take(std::uint64_t bytes) noexcept {
    if (reserve_ == 0 || !limited_.load()) return true;
    auto const taken = taken_.fetch_add(bytes) + bytes;
    return free_.load() >= reserve_ + taken && is_fresh();
}

Task<Result<>> StorageRoom::require(std::uint64_t announced) {
    if (reserve_ == 0 || !limited_.load()) co_return Result<>{};
    auto const left = [this] {
        auto const free = free_.load();
        return free - std::min(free, taken_.load());
    };
    auto free = left();
    bool const surely_fits = free >= reserve_ && free - reserve_ >= announced && is_fresh();
    if (surely_fits) co_return Result<>{};
    CO_CHECK(co_await measure());
    free = left();
    if (is_full(free)) co_return Error{Errc::no_space, fmt::format("{}; {}", describe(free), advice)};
    if (free - reserve_ >= announced) co_return Result<>{};
    co_return Error{
        Errc::no_space,
        fmt::format("an upload of {} does not fit on the file system of the data directory: {} free, "
                    "reserve {}; {}",
                    size_text(announced), size_text(free), size_text(reserve_), advice)};
}

Task<Result<>> StorageRoom::measure() {
    if (measuring_.exchange(true)) co_return Result<>{};
    Measuring const measuring(measuring_);
    CO_TRY(auto const found, co_await parts_.blobs.capacity());
    if (found) store(*found);
    co_return Result<>{};
}

void StorageRoom::store(blob::Capacity const& found) {
    free_.store(found.free);
    taken_.store(0);
    measured_at_.store(parts_.clock.now());
    limited_.store(true);
    auto& metrics = parts_.metrics;
    metrics
        .gauge("ocilot_storage_free_bytes",
               "Bytes free for the registry on the data directory's file system.")
        .set(static_cast<std::int64_t>(found.free));
    metrics.gauge("ocilot_storage_total_bytes", "Size of the data directory's file system in bytes.")
        .set(static_cast<std::int64_t>(found.total));
    metrics
        .gauge("ocilot_storage_reserve_bytes",
               "Bytes that uploads leave free on the data directory's file system.")
        .set(static_cast<std::int64_t>(reserve_));
    metrics
        .gauge("ocilot_storage_full",
               "Whether the data directory's file system is full: fewer bytes are free than the reserve.")
        .set(is_full(found.free) ? 1 : 0);
    log_change(found.free);
}

void StorageRoom::log_change(std::uint64_t free) {
    bool const full = is_full(free);
    auto const now = parts_.clock.now();
    std::lock_guard const lock(mutex_);
    if (full == logged_full_) return;
    // Uploads that end because the disk is full make room again, and the next ones fill it.
    if (full && full_logged_at_ && now - *full_logged_at_ < log_interval) return;
    logged_full_ = full;
    if (full) full_logged_at_ = now;
    std::string const text = full ? describe(free) : std::string();
    if (full) {
        parts_.log.error(
            "file system is full",
            {{"root", place_}, {"free_bytes", free}, {"reserve_bytes", reserve_}, {"err", text}});
    } else {
        parts_.log.info("file system is no longer full",
                        {{"root", place_}, {"free_bytes", free}, {"reserve_bytes", reserve_}});
    }
}

std::string StorageRoom::describe(std::uint64_t free) const {
    return fmt::format("file system of the data directory is full: {} free, reserve {}", size_text(free),
                       size_text(reserve_));
}

std::optional<std::string> StorageRoom::full() const {
    auto const free = free_.load();
    if (!limited_.load() || !is_full(free)) return std::nullopt;
    return describe(free);
}

void StorageRoom::note(Error const& error, std::string_view repository, OutOfRoom outcome) {
    (outcome == OutOfRoom::refused ? refused_ : dropped_).add();
    auto const now = parts_.clock.now();
    std::lock_guard const lock(mutex_);
    if (refusal_logged_at_ && now - *refusal_logged_at_ < log_interval) {
        ++not_logged_;
        return;
    }
    refusal_logged_at_ = now;
    parts_.log.error(outcome == OutOfRoom::refused ? "upload refused: no space" : "upload dropped: no space",
                     {{"root", place_},
                      {"repository", repository},
                      {"not_logged", std::exchange(not_logged_, 0)},
                      {"err", std::string_view(error.message)}});
}

Task<Result<>> require_room(Registry& registry, std::string_view repository, std::uint64_t bytes) {
    if (registry.room == nullptr) co_return Result<>{};
    auto const found = co_await registry.room->require(bytes);
    bool const is_full = found.has_error() && found.error().code == Errc::no_space;
    if (is_full) note_out_of_room(registry, found.error(), repository, OutOfRoom::refused);
    co_return found;
}

void note_out_of_room(Registry& registry, Error const& error, std::string_view repository,
                      OutOfRoom outcome) {
    if (registry.room != nullptr) registry.room->note(error, repository, outcome);
}

}  // namespace ocilot::registry
