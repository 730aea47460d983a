#include "registry/unreadable.h"

#include "base/counted.h"
#include "oci/hasher.h"
#include "registry/sessions.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace ocilot::registry {

namespace {

/// Bytes that are read again where a read failed; a blob that is not larger is compared with its digest.
constexpr std::uint64_t reread = 4 * 1024 * 1024;

using Defect = std::optional<std::string>;

Task<Result<Defect>> defect_in(blob::Blob& blob, FailedRead const& failed) {
    if (blob.size() != failed.size) {
        co_return Defect(fmt::format("{} instead of {}", counted_bytes(blob.size()), failed.size));
    }
    bool const whole = failed.size <= reread;
    auto const begin = whole ? 0 : std::min(failed.offset, failed.size - reread);
    auto const length = static_cast<std::size_t>(std::min(failed.size, reread));
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(length);
    std::span<std::byte> const bytes(buffer.get(), length);
    for (std::size_t done = 0; done < length;) {
        auto const got = co_await blob.read(begin + done, bytes.subspan(done));
        if (got.has_error() && !may_be_unreadable(got.error())) co_return got.error();
        if (got.has_error()) co_return Defect(got.error().message);
        if (*got == 0) co_return Defect(fmt::format("it ends at byte {}", begin + done));
        done += *got;
    }
    std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    if (whole && oci::digest_of(failed.digest.algorithm(), text) != failed.digest) {
        co_return Defect("its bytes do not match its digest");
    }
    co_return Defect();
}

Task<Result<Defect>> defect_of(Registry& registry, FailedRead const& failed) {
    auto const opened = co_await registry.blobs.open(failed.digest);
    if (opened.has_value()) co_return co_await defect_in(**opened, failed);
    if (!may_be_unreadable(opened.error())) co_return opened.error();
    co_return Defect(opened.error().message);
}

/// Why it was quarantined; nullopt if it was not.
Task<Result<Defect>> examine(Registry& registry, FailedRead const& failed) {
    auto const look = registry.sessions.pushes().inspect(failed.digest);
    if (!look) co_return Defect();
    CO_TRY(auto defect, co_await defect_of(registry, failed));
    if (!defect) co_return Defect();
    // A disk that fails as a whole says nothing about one blob.
    CO_CHECK(co_await registry.blobs.check());
    // A push meanwhile has brought good bytes.
    if (!look->stop_pushes()) co_return Defect();
    CO_CHECK(co_await registry.meta.scrub().quarantine(failed.digest, registry.clock.now()));
    co_return defect;
}

}  // namespace

UnreadableBlobs::UnreadableBlobs(Log const& log, Metrics& metrics)
    : log_(log),
      quarantined_(metrics.counter("ocilot_unreadable_blobs_total",
                                   "Blobs quarantined because a request could not read them.")) {}

void UnreadableBlobs::quarantined(oci::Digest const& digest, std::string_view reason) {
    quarantined_.add();
    log_.error("blob is unreadable and was quarantined; push it again",
               {{"digest", digest.str()}, {"err", reason}});
}

void UnreadableBlobs::not_quarantined(oci::Digest const& digest, Error const& error) {
    log_.error("unreadable blob not examined", {{"digest", digest.str()}, {"err", error.message}});
}

bool may_be_unreadable(Error const& error) noexcept {
    return error.code == Errc::io || error.code == Errc::blob_unknown;
}

Task<bool> quarantine_if_unreadable(Registry& registry, FailedRead failed) {
    auto const examined = co_await examine(registry, failed);
    if (examined.has_error()) {
        if (registry.unreadable != nullptr) {
            registry.unreadable->not_quarantined(failed.digest, examined.error());
        }
        co_return false;
    }
    if (!*examined) co_return false;
    if (registry.unreadable != nullptr) registry.unreadable->quarantined(failed.digest, **examined);
    co_return true;
}

}  // namespace ocilot::registry
