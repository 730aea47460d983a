#pragma once

#include "auth/file_version.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ocilot::auth {

/// The users of an htpasswd file (`name:hash` a line, `#` begins a comment). Read again when it has changed,
/// which is looked for at most once a second, when somebody asks. Thread-safe.
class Htpasswd {
  public:
    /// The only user of a file that was not there.
    struct Created {
        std::string user;
        std::string password;
    };

    /// Reads the file, or makes one with mode 0600, the user `docker` and a random password, which `created`
    /// answers for whoever logs it. config if it can be neither read nor made. Lines that are no user are
    /// named in the log by their number.
    static Result<std::unique_ptr<Htpasswd>> open(std::string path, Clock const& clock, Log const& log);
    [[nodiscard]] std::optional<Created> const& created() const noexcept { return created_; }

    /// The fingerprint of the user's line, if this is the user's password; takes the same time if there is no
    /// such user. Blocks: run it on a BlockingPool. unavailable while the file cannot be read.
    Result<std::optional<std::string>> verify(std::string_view name, std::string_view password);
    /// What the user's line is known by: another password is another fingerprint. It tells nothing about the
    /// password. nullopt if the file has no such user. unavailable while it cannot be read.
    Result<std::optional<std::string>> fingerprint(std::string_view name);
    /// Differs once the file has changed: what was remembered of its users no longer counts. Quick, but for
    /// the second in which the file has changed. unavailable while it cannot be read.
    Result<std::uint64_t> version();

  private:
    using Users = std::unordered_map<std::string, std::string>;  // Name to hash.

    Htpasswd(std::string path, Clock const& clock, Log const& log)
        : path_(std::move(path)), clock_(clock), log_(log) {}
    Result<> create();
    Result<> reload_if_changed();
    Result<> read();
    Result<> reload_at_most_once_a_second();

    std::string const path_;
    Clock const& clock_;
    Log const& log_;
    std::optional<Created> created_;
    std::mutex mutex_;  // Guards what follows.
    std::optional<Time> checked_at_;
    FileVersion loaded_version_{};
    std::uint64_t version_ = 0;
    std::optional<Error> broken_;  // Why the newest version could not be read.
    Users users_;
    std::string unknown_user_hash_;
};

}  // namespace ocilot::auth
