#pragma once

#include "net/tls_context.h"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ocilot::net {

/// The certificate in force, replaced while the server runs. Thread-safe. A connection keeps the context it
/// was accepted with.
class TlsCertificates {
  public:
    /// Errors: those of TlsContext::load.
    static Result<std::unique_ptr<TlsCertificates>> load(TlsSettings settings);

    /// What the next handshake uses; never null.
    [[nodiscard]] std::shared_ptr<TlsContext> current() const;

    /// Reads all files again. If they do not fit, the old pair stays in force and the error is answered.
    Result<> reload();

    /// Same, but only if a file differs (time, inode or size) from what was read last, well or badly; true if
    /// a new pair is in force now. Blocks for a stat(2) call a file at least.
    Result<bool> reload_if_changed();

  private:
    /// What tells one version of a file from another: device, inode, size, seconds and nanoseconds of mtime.
    using Version = std::array<std::int64_t, 5>;
    using Versions = std::vector<Version>;

    explicit TlsCertificates(TlsSettings settings) : settings_(std::move(settings)) {}
    static Version version_of(std::string const& file);
    [[nodiscard]] Versions versions() const;
    Result<> read(Versions versions);

    TlsSettings const settings_;
    std::mutex reading_;  // Held while the files are read; guards read_.
    Versions read_{};
    mutable std::mutex mutex_;  // Guards current_.
    std::shared_ptr<TlsContext> current_;
};

}  // namespace ocilot::net
