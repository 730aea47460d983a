#include "http/core/errors.h"

#include "base/log.h"
#include "oci/media_type.h"

#include <array>

namespace ocilot::http {

namespace {

constexpr bool hidden = false;
constexpr bool shown = true;
constexpr bool closes = true;
constexpr bool stays = false;
constexpr bool limits = true;

/// In the order of Errc.
constexpr std::array table{
    ErrorRow{Errc::bad_request, 400, "UNSUPPORTED", "malformed request; check its syntax"},
    ErrorRow{Errc::name_invalid, 400, "NAME_INVALID", "invalid repository name"},
    ErrorRow{Errc::tag_invalid, 400, "TAG_INVALID", "invalid tag"},
    ErrorRow{Errc::digest_invalid, 400, "DIGEST_INVALID", "invalid digest, or digest of other content"},
    ErrorRow{Errc::manifest_invalid, 400, "MANIFEST_INVALID", "invalid manifest"},
    ErrorRow{Errc::manifest_too_large, 413, "MANIFEST_INVALID",
             "manifest exceeds the size limit of this registry", shown, closes, limits},
    ErrorRow{Errc::body_too_large, 413, "SIZE_INVALID",
             "request body exceeds the size limit of this registry", shown, closes, limits},
    ErrorRow{Errc::size_invalid, 400, "SIZE_INVALID", "content length does not match the content"},
    ErrorRow{Errc::range_invalid, 416, "RANGE_INVALID", "range not satisfiable"},
    ErrorRow{Errc::pagination_invalid, 400, "PAGINATION_NUMBER_INVALID",
             "invalid \"n\" parameter: expected a number"},
    ErrorRow{Errc::upload_invalid, 400, "BLOB_UPLOAD_INVALID", "invalid upload request"},
    ErrorRow{Errc::header_too_large, 431, "UNSUPPORTED", "request headers too large", shown, closes, limits},
    ErrorRow{Errc::target_too_long, 414, "UNSUPPORTED", "request URL too long", shown, closes, limits},
    ErrorRow{Errc::length_required, 411, "SIZE_INVALID", "length of the request body is missing", shown,
             closes},
    // Not UNSUPPORTED: docker would not try again.
    ErrorRow{Errc::request_timeout, 408, "UNKNOWN", "request timed out; send it again", shown, closes,
             limits},
    ErrorRow{Errc::not_implemented, 501, "UNSUPPORTED",
             "the request needs a feature that this registry does not support", shown, closes},
    ErrorRow{Errc::not_found, 404, "UNSUPPORTED", "unknown endpoint; the API is below /v2/"},
    ErrorRow{Errc::name_unknown, 404, "NAME_UNKNOWN", "repository not found"},
    ErrorRow{Errc::manifest_unknown, 404, "MANIFEST_UNKNOWN", "manifest not found in the repository"},
    ErrorRow{Errc::manifest_blob_unknown, 400, "MANIFEST_BLOB_UNKNOWN",
             "the manifest references content that is missing in the repository; push that first"},
    ErrorRow{Errc::blob_unknown, 404, "BLOB_UNKNOWN", "blob not found in the repository"},
    ErrorRow{Errc::upload_unknown, 404, "BLOB_UPLOAD_UNKNOWN", "upload session not found; start a new one"},
    ErrorRow{Errc::gone, 410, "UNKNOWN", "the requested entries have expired"},
    ErrorRow{Errc::method_not_allowed, 405, "UNSUPPORTED", "method not allowed"},
    ErrorRow{Errc::unsupported, 405, "UNSUPPORTED", "operation disabled on this registry"},
    ErrorRow{Errc::unauthorized, 401, "UNAUTHORIZED", "login required"},
    ErrorRow{Errc::denied, 403, "DENIED", "access denied"},
    ErrorRow{Errc::quota_exceeded, 403, "DENIED", "the quota of the repository or of the caller is used up"},
    ErrorRow{Errc::too_many_requests, 429, "TOOMANYREQUESTS",
             "too many requests; retry after the time in Retry-After", shown, stays, limits},
    ErrorRow{Errc::upload_busy, 409, "BLOB_UPLOAD_INVALID",
             "another request is writing to this upload; wait until it ends or start a new upload"},
    ErrorRow{Errc::conflict, 409, "UNKNOWN", "changed concurrently; fetch it and retry"},
    ErrorRow{Errc::precondition_failed, 412, "UNKNOWN",
             "precondition failed: the content does not match If-Match or If-None-Match; fetch it and retry"},
    ErrorRow{Errc::no_space, 507, "UNAVAILABLE",
             "registry storage is full; contact the operator of this registry", hidden},
    ErrorRow{Errc::unavailable, 503, "UNAVAILABLE",
             "registry temporarily unavailable; retry in a few seconds", hidden},
    ErrorRow{Errc::io, 500, "UNKNOWN",
             "registry storage failed; retry, and if it fails again contact the operator of this registry",
             hidden},
    ErrorRow{Errc::internal, 500, "UNKNOWN",
             "internal error; contact the operator of this registry, the reason is in its log", hidden},
    ErrorRow{Errc::peer_closed, 400, "UNKNOWN", "connection closed before the end of the request", hidden,
             closes},
    ErrorRow{Errc::cancelled, 503, "UNAVAILABLE", "registry stopped before it answered; retry", hidden,
             closes},
    ErrorRow{Errc::config, 500, "UNKNOWN", "invalid configuration of the registry; contact its operator",
             hidden},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].code) != i) return false;
    }
    return table.size() == static_cast<std::size_t>(Errc::config) + 1;
}
static_assert(in_order(), "one row a code, in the order of Errc");

void append_entry(std::string& out, ErrorRow const& row, std::string_view message, std::string_view subject) {
    out += R"({"code":")";
    out += row.oci_code;
    out += R"(","message":)";
    append_json_string(out, message);
    if (!subject.empty()) {
        out += R"(,"detail":)";
        append_json_string(out, subject);
    }
    out += '}';
}

}  // namespace

ErrorRow const& error_row(Errc code) noexcept {
    return table[static_cast<std::size_t>(code)];
}

Response error_response(Error const& error) {
    auto const& row = error_row(error.code);
    bool const speaks = row.own_words && !error.message.empty();
    std::string const message = speaks ? error.message : std::string(row.message);
    std::string body = R"({"errors":[)";
    if (!row.own_words || error.subjects.empty()) {
        append_entry(body, row, message, {});
    } else {
        for (auto const& subject : error.subjects) {
            if (&subject != &error.subjects.front()) body += ',';
            // Docker shows only the message: it has to name the thing.
            append_entry(body, row, message + ": " + subject, subject);
        }
    }
    body += "]}";
    Response response{.status = row.status};
    response.text(oci::media_type::json, std::move(body));
    if (row.status == 429 || row.status == 503) {
        response.set("Retry-After", std::to_string(error.retry_after == 0 ? 5 : error.retry_after));
    }
    response.close = row.close;
    response.by_client = row.own_words;
    if (row.limit) response.refusal = to_string(row.code);
    if (!row.own_words) response.cause = error.message;
    return response;
}

}  // namespace ocilot::http
