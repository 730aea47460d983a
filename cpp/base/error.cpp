#include "base/error.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace ocilot {

namespace {

struct Named {
    Errc code;
    std::string_view name;
};

constexpr std::array names{
    Named{Errc::bad_request, "bad_request"},
    Named{Errc::name_invalid, "name_invalid"},
    Named{Errc::tag_invalid, "tag_invalid"},
    Named{Errc::digest_invalid, "digest_invalid"},
    Named{Errc::manifest_invalid, "manifest_invalid"},
    Named{Errc::manifest_too_large, "manifest_too_large"},
    Named{Errc::body_too_large, "body_too_large"},
    Named{Errc::size_invalid, "size_invalid"},
    Named{Errc::range_invalid, "range_invalid"},
    Named{Errc::pagination_invalid, "pagination_invalid"},
    Named{Errc::upload_invalid, "upload_invalid"},
    Named{Errc::header_too_large, "header_too_large"},
    Named{Errc::target_too_long, "target_too_long"},
    Named{Errc::length_required, "length_required"},
    Named{Errc::request_timeout, "request_timeout"},
    Named{Errc::not_implemented, "not_implemented"},
    Named{Errc::not_found, "not_found"},
    Named{Errc::name_unknown, "name_unknown"},
    Named{Errc::manifest_unknown, "manifest_unknown"},
    Named{Errc::manifest_blob_unknown, "manifest_blob_unknown"},
    Named{Errc::blob_unknown, "blob_unknown"},
    Named{Errc::upload_unknown, "upload_unknown"},
    Named{Errc::gone, "gone"},
    Named{Errc::method_not_allowed, "method_not_allowed"},
    Named{Errc::unsupported, "unsupported"},
    Named{Errc::unauthorized, "unauthorized"},
    Named{Errc::denied, "denied"},
    Named{Errc::quota_exceeded, "quota_exceeded"},
    Named{Errc::too_many_requests, "too_many_requests"},
    Named{Errc::upload_busy, "upload_busy"},
    Named{Errc::conflict, "conflict"},
    Named{Errc::precondition_failed, "precondition_failed"},
    Named{Errc::no_space, "no_space"},
    Named{Errc::unavailable, "unavailable"},
    Named{Errc::io, "io"},
    Named{Errc::internal, "internal"},
    Named{Errc::peer_closed, "peer_closed"},
    Named{Errc::cancelled, "cancelled"},
    Named{Errc::config, "config"},
};

/// A row a code, in the order of the codes, so that a code is the place of its row.
constexpr bool complete() {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (static_cast<std::size_t>(names[i].code) != i) return false;
    }
    return names.back().code == Errc::config;
}
static_assert(complete(), "names must list every Errc, in its order");

}  // namespace

std::string_view to_string(Errc code) noexcept {
    return names[static_cast<std::size_t>(code)].name;
}

namespace {

Errc code_of(int errno_value) noexcept {
    switch (errno_value) {
        case ENOSPC:
        case EDQUOT:
            return Errc::no_space;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return Errc::unavailable;
        default:
            return Errc::io;
    }
}

}  // namespace

std::string_view errno_advice(int errno_value) noexcept {
    switch (errno_value) {
        case ENOSPC:
            return "free some space";
        case EDQUOT:
            return "raise the disk quota of the user running ocilot";
        case EROFS:
            return "mount the file system writable";
        case EMFILE:
        case ENFILE:
            return "raise the limit of open files";
        case EIO:
            return "check the disk and the kernel log";
        case ENOLCK:
            return "start the lock service of the network file system";
        case ESTALE:
            return "mount the network file system again and restart ocilot";
        default:
            return {};
    }
}

Error system_error(int errno_value, std::string_view what) {
    auto message = std::string(what) + ": " + std::generic_category().message(errno_value);
    if (auto const advice = errno_advice(errno_value); !advice.empty()) message.append("; ").append(advice);
    return {code_of(errno_value), std::move(message)};
}

}  // namespace ocilot
