#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace ocilot {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::bad_request:
            return "bad_request";
        case Errc::name_invalid:
            return "name_invalid";
        case Errc::tag_invalid:
            return "tag_invalid";
        case Errc::digest_invalid:
            return "digest_invalid";
        case Errc::manifest_invalid:
            return "manifest_invalid";
        case Errc::manifest_too_large:
            return "manifest_too_large";
        case Errc::size_invalid:
            return "size_invalid";
        case Errc::range_invalid:
            return "range_invalid";
        case Errc::pagination_invalid:
            return "pagination_invalid";
        case Errc::upload_invalid:
            return "upload_invalid";
        case Errc::header_too_large:
            return "header_too_large";
        case Errc::target_too_long:
            return "target_too_long";
        case Errc::length_required:
            return "length_required";
        case Errc::request_timeout:
            return "request_timeout";
        case Errc::not_implemented:
            return "not_implemented";
        case Errc::not_found:
            return "not_found";
        case Errc::name_unknown:
            return "name_unknown";
        case Errc::manifest_unknown:
            return "manifest_unknown";
        case Errc::manifest_blob_unknown:
            return "manifest_blob_unknown";
        case Errc::blob_unknown:
            return "blob_unknown";
        case Errc::upload_unknown:
            return "upload_unknown";
        case Errc::method_not_allowed:
            return "method_not_allowed";
        case Errc::unsupported:
            return "unsupported";
        case Errc::unauthorized:
            return "unauthorized";
        case Errc::denied:
            return "denied";
        case Errc::too_many_requests:
            return "too_many_requests";
        case Errc::upload_busy:
            return "upload_busy";
        case Errc::conflict:
            return "conflict";
        case Errc::no_space:
            return "no_space";
        case Errc::unavailable:
            return "unavailable";
        case Errc::io:
            return "io";
        case Errc::internal:
            return "internal";
        case Errc::peer_closed:
            return "peer_closed";
        case Errc::cancelled:
            return "cancelled";
        case Errc::config:
            return "config";
    }
    return "unknown";
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

Error system_error(int errno_value, std::string_view what) {
    return {code_of(errno_value), std::string(what) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace ocilot
