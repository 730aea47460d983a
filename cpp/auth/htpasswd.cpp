#include "auth/htpasswd.h"

#include "auth/passwords.h"
#include "auth/secrets.h"
#include "base/random.h"
#include "base/read_file.h"
#include "jose/base64url.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

namespace ocilot::auth {

namespace {

constexpr std::size_t largest_file = 16 << 20;  // bytes
constexpr std::chrono::seconds between_looks{1};

std::string_view trimmed(std::string_view text) noexcept {
    static constexpr std::string_view space = " \t\r";
    auto const first = text.find_first_not_of(space);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string random_password() {
    std::array<std::byte, 32> bytes{};
    SystemRandom().fill(bytes);
    return jose::to_base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

std::string fingerprint_of(std::string_view hash) {
    return sha256_hex(hash).substr(0, 16);
}

Error cannot_make(std::string const& path, std::string_view why) {
    return {Errc::config, fmt::format("cannot create htpasswd file {}: {}", path, why)};
}

/// Writes a file that nobody else may read and that was not there.
Result<> write_new(std::string const& path, std::string_view text) {
    int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return cannot_make(path, std::strerror(errno));
    bool const written =
        ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    int const why = errno;
    ::close(fd);
    if (written) return {};
    ::unlink(path.c_str());
    return cannot_make(path, std::strerror(why));
}

}  // namespace

Result<std::unique_ptr<Htpasswd>> Htpasswd::open(std::string path, Clock const& clock, Log const& log) {
    std::unique_ptr<Htpasswd> file(new Htpasswd(std::move(path), clock, log));
    if (file_version(file->path_) == FileVersion{}) {
        CHECK(file->create());
    }
    std::lock_guard const lock(file->mutex_);
    file->checked_at_ = clock.now();
    CHECK(file->reload_if_changed());
    return file;
}

Result<> Htpasswd::create() {
    std::error_code failure;
    auto const directory = std::filesystem::path(path_).parent_path();
    if (!directory.empty()) std::filesystem::create_directories(directory, failure);
    if (failure) return cannot_make(path_, failure.message());
    Created created{"docker", random_password()};
    TRY(auto const hash, hash_password_bcrypt(created.password));
    CHECK(write_new(path_, fmt::format("{}:{}\n", created.user, hash)));
    created_ = std::move(created);
    return {};
}

/// Reads the file if it is not the one that was read last.
Result<> Htpasswd::reload_if_changed() {
    // Noted before reading: a file that changes meanwhile differs from it and is read again next time.
    auto const now = file_version(path_);
    if (now != loaded_version_) {
        loaded_version_ = now;
        ++version_;
        auto const outcome = read();
        broken_.reset();
        if (outcome.has_error()) {
            log_.error("htpasswd file not loaded: its users cannot log in",
                       {{"err", outcome.error().message}});
            broken_ = outcome.error();
        }
    }
    if (broken_) return *broken_;
    return {};
}

Result<> Htpasswd::read() {
    users_.clear();
    unknown_user_hash_ = unknown_user_hash({});
    TRY(auto const text, read_file(path_, largest_file));
    std::string_view rest = text;
    bool first = true;
    for (std::uint64_t number = 1; !rest.empty(); ++number) {
        auto const end = std::min(rest.find('\n'), rest.size());
        auto const line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty() || line.front() == '#') continue;
        auto const colon = line.find(':');
        auto const hash = colon == line.npos ? std::string_view() : line.substr(colon + 1);
        if (colon == 0 || !is_password_hash(hash)) {
            log_.warn("htpasswd line skipped: expected name:hash with a bcrypt, yescrypt or SHA-512 hash",
                      {{"file", path_}, {"line", number}});
            continue;
        }
        users_.insert_or_assign(std::string(line.substr(0, colon)), std::string(hash));
        if (first) unknown_user_hash_ = unknown_user_hash(hash);
        first = false;
    }
    return {};
}

Result<> Htpasswd::reload_at_most_once_a_second() {
    auto const now = clock_.now();
    // A clock that was set back must not stop it.
    bool const early = checked_at_ && now >= *checked_at_ && now < *checked_at_ + between_looks;
    Result<> outcome;
    if (!early) {
        checked_at_ = now;
        outcome = reload_if_changed();
    } else if (broken_) {
        outcome = *broken_;
    }
    if (outcome.has_error())
        return Error{Errc::unavailable, "htpasswd file not loaded; contact the operator of this registry"};
    return {};
}

Result<std::optional<std::string>> Htpasswd::verify(std::string_view name, std::string_view password) {
    std::string hash;
    bool known = false;
    {
        std::lock_guard const lock(mutex_);
        CHECK(reload_at_most_once_a_second());
        auto const found = users_.find(std::string(name));
        known = found != users_.end();
        hash = known ? found->second : unknown_user_hash_;
    }
    bool const fits = verify_password(password, hash);
    return known && fits ? std::optional(fingerprint_of(hash)) : std::nullopt;
}

Result<std::optional<std::string>> Htpasswd::fingerprint(std::string_view name) {
    std::lock_guard const lock(mutex_);
    CHECK(reload_at_most_once_a_second());
    auto const found = users_.find(std::string(name));
    return found == users_.end() ? std::nullopt : std::optional(fingerprint_of(found->second));
}

Result<std::uint64_t> Htpasswd::version() {
    std::lock_guard const lock(mutex_);
    CHECK(reload_at_most_once_a_second());
    return version_;
}

}  // namespace ocilot::auth
