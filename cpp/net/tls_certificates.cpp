#include "net/tls_certificates.h"

#include <sys/stat.h>
#include <utility>

namespace ocilot::net {

TlsCertificates::Version TlsCertificates::version_of(std::string const& file) {
    struct stat s{};
    if (::stat(file.c_str(), &s) != 0) return {};  // A missing file is a version too; reading it tells why.
    return {static_cast<std::int64_t>(s.st_dev), static_cast<std::int64_t>(s.st_ino), s.st_size,
            s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

TlsCertificates::Versions TlsCertificates::versions() const {
    Versions all{version_of(settings_.certificate_file), version_of(settings_.key_file)};
    for (auto const& file : settings_.client_authority_files) all.push_back(version_of(file));
    return all;
}

Result<> TlsCertificates::read(Versions versions) {
    // Noted before reading: a file that changes meanwhile differs from it and is read again next time.
    read_ = std::move(versions);
    TRY(auto context, TlsContext::load(settings_));
    std::lock_guard const lock(mutex_);
    current_ = std::move(context);
    return {};
}

Result<std::unique_ptr<TlsCertificates>> TlsCertificates::load(TlsSettings settings) {
    std::unique_ptr<TlsCertificates> certificates(new TlsCertificates(std::move(settings)));
    CHECK(certificates->reload());
    return certificates;
}

std::shared_ptr<TlsContext> TlsCertificates::current() const {
    std::lock_guard const lock(mutex_);
    return current_;
}

Result<> TlsCertificates::reload() {
    std::lock_guard const lock(reading_);
    return read(versions());
}

Result<bool> TlsCertificates::reload_if_changed() {
    std::lock_guard const lock(reading_);
    auto now = versions();
    if (now == read_) return false;
    CHECK(read(std::move(now)));
    return true;
}

}  // namespace ocilot::net
