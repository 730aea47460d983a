#include "http/core/cache_control.h"
#include "http/core/conditions.h"
#include "http/core/errors.h"
#include "http/core/multipart.h"
#include "http/v2/alias.h"
#include "http/v2/routes.h"
#include "oci/byte_range.h"
#include "oci/media_type.h"
#include "registry/pull.h"
#include "registry/remove.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::http {

namespace {

/// The ranges to send; none for the whole blob. RFC 9110 §14.2 knows ranges for GET only.
Result<std::vector<oci::ByteRange>> wanted_ranges(Request const& request, oci::Digest const& digest,
                                                  std::uint64_t size) {
    if (request.method != Method::get || request.count("Range") != 1 || !range_applies(request, digest)) {
        return std::vector<oci::ByteRange>{};
    }
    return oci::parse_ranges(*request.header("Range"), size);
}

Response unsatisfiable(Error const& error, std::uint64_t size) {
    auto response = error_response(error);
    response.set("Content-Range", fmt::format("bytes */{}", size));
    return response;
}

/// Everything of an answer but the bytes; 304 if the client has them.
Response answer(Context const& context, oci::Digest const& digest, std::uint64_t size) {
    Response response;
    response.set("Docker-Content-Digest", digest.str());
    response.set("ETag", etag(digest));
    response.set("Cache-Control", immutable_content(context));
    if (is_known(context.request, digest)) {
        response.status = 304;
        return response;
    }
    response.set("Content-Type", std::string(oci::media_type::octet_stream));
    response.set("Accept-Ranges", "bytes");
    response.content_length = size;
    return response;
}

void send_part(Response& response, std::unique_ptr<blob::Blob> blob, oci::Digest const& digest,
               oci::ByteRange range) {
    response.status = 206;
    response.set("Content-Range", content_range(range, blob->size()));
    response.content_length = range.length;
    response.body = BlobBody{std::move(blob), range.offset, range.length, digest};
}

void send_whole(Response& response, std::unique_ptr<blob::Blob> blob, oci::Digest const& digest) {
    auto const size = blob->size();
    response.content_length = size;
    response.body = BlobBody{std::move(blob), 0, size, digest};
}

/// Several ranges; the whole blob where that is not longer than its parts with the text between them, so that
/// no request costs more than the blob.
void send_parts(Response& response, std::unique_ptr<blob::Blob> blob, oci::Digest const& digest,
                std::vector<oci::ByteRange> const& ranges, std::string const& boundary) {
    auto parts = multipart(ranges, blob->size(), boundary);
    if (parts.length >= blob->size()) return send_whole(response, std::move(blob), digest);
    response.status = 206;
    response.replace("Content-Type", "multipart/byteranges; boundary=" + boundary);
    response.content_length = parts.length;
    parts.blob = std::move(blob);
    parts.digest = digest;
    response.body = std::move(parts);
}

/// The blob of the repository that the name of the request is an alias of.
Task<Result<std::unique_ptr<blob::Blob>>> open_by_alias(Context const& context, oci::Digest const& digest,
                                                        Error unknown) {
    CO_TRY(auto const target, co_await alias_after(context, std::move(unknown)));
    co_return co_await registry::pull_blob(context.registry, target, digest);
}

/// end-2: `GET` and `HEAD /v2/<name>/blobs/<digest>`.
Task<Result<Response>> get_blob(Context const& context) {
    CO_TRY(auto const digest, oci::Digest::parse(context.item));
    if (context.is_head()) {
        auto fact = co_await registry::stat_blob(context.registry, context.name(), digest);
        if (fact.has_error() && may_be_alias(context, fact.error())) {
            CO_TRY(auto const target, co_await alias_after(context, fact.error()));
            fact = co_await registry::stat_blob(context.registry, target, digest);
        }
        if (fact.has_error()) co_return fact.error();
        co_return answer(context, digest, fact->size);
    }
    auto opened = co_await registry::pull_blob(context.registry, context.name(), digest);
    if (opened.has_error() && may_be_alias(context, opened.error())) {
        opened = co_await open_by_alias(context, digest, opened.error());
    }
    CO_TRY(auto blob, std::move(opened));
    auto const size = blob->size();
    auto response = answer(context, digest, size);
    if (response.status == 304) co_return response;
    auto const ranges = wanted_ranges(context.request, digest, size);
    if (ranges.has_error()) co_return unsatisfiable(ranges.error(), size);
    if (ranges->empty()) {
        send_whole(response, std::move(blob), digest);
    } else if (ranges->size() == 1) {
        send_part(response, std::move(blob), digest, ranges->front());
    } else {
        send_parts(response, std::move(blob), digest, *ranges, boundary(context.request));
    }
    co_return response;
}

/// end-10: `DELETE /v2/<name>/blobs/<digest>`.
Task<Result<Response>> delete_blob(Context const& context) {
    CO_TRY(auto const digest, oci::Digest::parse(context.item));
    CO_CHECK(co_await registry::delete_blob(context.registry, context.caller, context.name(), digest));
    co_return Response{.status = 202};
}

using policy::Action;

constexpr Verb blob_verbs[] = {
    {Method::get,
     Action::pull,
     get_blob,
     "Get a blob, or with `Range` parts of it.",
     {{{200, "The blob."},
       {206,
        "One part, or with several ranges a `multipart/byteranges`; several ranges that would cost more "
        "than the blob get a 200."},
       not_modified}},
     {Errc::digest_invalid, Errc::blob_unknown, Errc::range_invalid}},
    {Method::del,
     Action::remove,
     delete_blob,
     "Remove a blob from a repository.",
     {{{202, "Removed."}}},
     {Errc::digest_invalid, Errc::blob_unknown, Errc::unsupported}}};

constexpr Endpoint blob_route_table[] = {
    row("/v2/<name>/blobs/<item>", "blob", blob_verbs),
};

}  // namespace

RouteTable blob_routes() noexcept {
    return blob_route_table;
}

}  // namespace ocilot::http
