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
    ErrorRow{Errc::bad_request, 400, "UNSUPPORTED", "the request cannot be understood; check its syntax"},
    ErrorRow{Errc::name_invalid, 400, "NAME_INVALID", "the repository name is not a valid one"},
    ErrorRow{Errc::tag_invalid, 400, "TAG_INVALID", "the tag is not a valid one"},
    ErrorRow{Errc::digest_invalid, 400, "DIGEST_INVALID",
             "the digest is not valid or not that of the content"},
    ErrorRow{Errc::manifest_invalid, 400, "MANIFEST_INVALID", "the manifest is not valid"},
    ErrorRow{Errc::manifest_too_large, 413, "MANIFEST_INVALID", "the manifest is larger than allowed here",
             shown, closes, limits},
    ErrorRow{Errc::body_too_large, 413, "SIZE_INVALID", "the body of the request is larger than allowed here",
             shown, closes, limits},
    ErrorRow{Errc::size_invalid, 400, "SIZE_INVALID", "the length given is not that of the content"},
    ErrorRow{Errc::range_invalid, 416, "RANGE_INVALID", "the range cannot be satisfied"},
    ErrorRow{Errc::pagination_invalid, 400, "PAGINATION_NUMBER_INVALID",
             "the number of entries asked for is not valid; send n as a plain number"},
    ErrorRow{Errc::upload_invalid, 400, "BLOB_UPLOAD_INVALID", "the upload request is not valid"},
    ErrorRow{Errc::header_too_large, 431, "UNSUPPORTED", "the request's headers are too large", shown, closes,
             limits},
    ErrorRow{Errc::target_too_long, 414, "UNSUPPORTED", "the request's URL is too long", shown, closes,
             limits},
    ErrorRow{Errc::length_required, 411, "SIZE_INVALID", "the request has a body of unknown length", shown,
             closes},
    // Not UNSUPPORTED: docker would not try again.
    ErrorRow{Errc::request_timeout, 408, "UNKNOWN", "the request came too slowly; send it again", shown,
             closes, limits},
    ErrorRow{Errc::not_implemented, 501, "UNSUPPORTED",
             "the request needs something this server does not know", shown, closes},
    ErrorRow{Errc::not_found, 404, "UNSUPPORTED", "there is no such endpoint; the API is below /v2/"},
    ErrorRow{Errc::name_unknown, 404, "NAME_UNKNOWN", "the registry has no such repository"},
    ErrorRow{Errc::manifest_unknown, 404, "MANIFEST_UNKNOWN", "the repository has no such manifest"},
    ErrorRow{Errc::manifest_blob_unknown, 400, "MANIFEST_BLOB_UNKNOWN",
             "the manifest names content the repository does not have; push that first"},
    ErrorRow{Errc::blob_unknown, 404, "BLOB_UNKNOWN", "the repository has no such blob"},
    ErrorRow{Errc::upload_unknown, 404, "BLOB_UPLOAD_UNKNOWN",
             "the repository has no such upload; start a new one"},
    ErrorRow{Errc::method_not_allowed, 405, "UNSUPPORTED", "this endpoint does not know the method"},
    ErrorRow{Errc::unsupported, 405, "UNSUPPORTED", "the operation is switched off on this registry"},
    ErrorRow{Errc::unauthorized, 401, "UNAUTHORIZED", "log in first"},
    ErrorRow{Errc::denied, 403, "DENIED", "you are not allowed to do this"},
    ErrorRow{Errc::too_many_requests, 429, "TOOMANYREQUESTS",
             "too many requests; wait a little and try again", shown, stays, limits},
    ErrorRow{Errc::upload_busy, 409, "BLOB_UPLOAD_INVALID",
             "another request is writing to this upload; wait for it or start a new upload"},
    ErrorRow{Errc::conflict, 409, "UNKNOWN", "somebody changed this at the same time; try again"},
    ErrorRow{Errc::precondition_failed, 412, "UNKNOWN",
             "the content is not what If-Match or If-None-Match requires; fetch it and decide again"},
    ErrorRow{Errc::no_space, 507, "UNAVAILABLE",
             "the registry's storage is full; tell whoever runs this registry", hidden},
    ErrorRow{Errc::unavailable, 503, "UNAVAILABLE",
             "the registry cannot serve this now; try again in a moment", hidden},
    ErrorRow{Errc::io, 500, "UNKNOWN",
             "the registry's storage failed; try again, and if it stays so tell whoever runs this registry",
             hidden},
    ErrorRow{Errc::internal, 500, "UNKNOWN",
             "the registry failed to answer; its log says why, tell whoever runs it", hidden},
    ErrorRow{Errc::peer_closed, 400, "UNKNOWN", "the connection ended before the request did", hidden,
             closes},
    ErrorRow{Errc::cancelled, 503, "UNAVAILABLE", "the registry stopped before it could answer; try again",
             hidden, closes},
    ErrorRow{Errc::config, 500, "UNKNOWN", "the registry is not configured well; tell whoever runs it",
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
