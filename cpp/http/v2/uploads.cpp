#include "base/counted.h"
#include "http/core/errors.h"
#include "http/core/header.h"
#include "http/v2/routes.h"
#include "oci/byte_range.h"
#include "registry/alias.h"
#include "registry/push_blob.h"
#include "registry/storage_room.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::size_t id_size = 36;

/// Where an upload lives and how far it has come. The protocol cannot say "nothing yet": that is `0-0`.
/// The segment of its URL begins with its id.
Response& describe(Response& response, Context const& context, std::string_view segment,
                   std::uint64_t offset) {
    response.set("Location", context.urls.upload(context.name(), segment));
    response.set("Range", fmt::format("0-{}", offset == 0 ? 0 : offset - 1));
    response.set("Docker-Upload-UUID", std::string(segment.substr(0, id_size)));
    return response;
}

Response created(Context const& context, oci::Digest const& digest) {
    Response response{.status = 201};
    response.set("Location", context.urls.blob(context.name(), digest));
    response.set("Docker-Content-Digest", digest.str());
    return response;
}

/// The session a path names.
Result<registry::UploadRef> session(Context const& context) {
    return registry::find_upload(context.registry, context.caller, context.name(), context.item);
}

std::optional<std::uint64_t> body_length(Request const& request) {
    return request.has_body ? request.content_length : std::optional<std::uint64_t>(0);
}

/// The body as a chunk: at the place `Content-Range` names, or, without, wherever the upload is.
Result<registry::Chunk> chunk_of(Request const& request) {
    registry::Chunk chunk{*request.body, std::nullopt, body_length(request)};
    auto const header = request.header("Content-Range");
    if (!header) return chunk;
    if (request.count("Content-Range") > 1) {
        return Error{Errc::size_invalid, "duplicate Content-Range header; send one"};
    }
    TRY(auto const range, oci::parse_content_range(trimmed(*header)));
    if (chunk.length && *chunk.length != range.length) {
        return Error{Errc::size_invalid,
                     fmt::format("invalid Content-Range {}: it covers {}, but the body has {}",
                                 trimmed(*header), counted_bytes(range.length), *chunk.length)};
    }
    chunk.first = range.offset;
    chunk.length = range.length;
    return chunk;
}

Result<oci::Digest> digest_parameter(Query const& query) {
    auto const text = query.first("digest");
    if (!text) {
        return Error{Errc::digest_invalid,
                     "missing digest parameter: add ?digest=sha256:… of the blob to the closing PUT"};
    }
    return oci::Digest::parse(*text);
}

/// The answer to an upload that failed. That there is no room for it the registry has logged itself, not once
/// for each request: a full disk must not fill the log.
Response upload_failed(Context const& context, Error const& error) {
    auto response = error_response(error);
    response.is_logged = error.code == Errc::no_space && context.registry.room != nullptr;
    return response;
}

/// An answer for a chunk that was not taken, or not to its end. Where the upload can go on, it tells where.
Task<Result<Response>> not_taken(Context const& context, registry::UploadRef ref, Error error) {
    bool const lives_on = error.code == Errc::range_invalid || error.code == Errc::size_invalid ||
                          error.code == Errc::request_timeout;
    if (error.code == Errc::no_space) co_return upload_failed(context, error);
    if (!lives_on) co_return error;
    auto response = error_response(error);
    auto const offset = co_await registry::upload_offset(context.registry, ref);
    if (offset.has_value()) describe(response, context, context.item, *offset);
    co_return response;
}

/// How many repositories a mount that names none looks at.
constexpr std::size_t max_holders = 100;

/// What came of trying one source.
enum class Mount : std::uint8_t { done, not_from_here, not_at_all };

/// Whether the caller may read a source that was not named. No hook is asked: the number of questions, and
/// the time they take, would tell how many repositories hold a blob that the caller may not see.
bool known_to_read(Context const& context, policy::Access const& access) {
    auto const& limit = context.caller.limit;
    if (limit && !limit->covers(access)) return false;
    return context.guard.decide_without_hooks(context.caller, access).value_or(false);
}

/// Whether the caller may read a source. To have named one that the caller may not read is a refusal, which
/// is noted. unauthorized if all that is missing is another token: the challenge names both repositories.
Task<Result<bool>> may_read(Context const& context, oci::RepositoryName const& source, bool is_named) {
    policy::Access const access{source, policy::Action::pull};
    if (!is_named) co_return known_to_read(context, access);
    CO_TRY(bool const needs_token, co_await context.guard.needs_wider_token(context.caller, access));
    if (needs_token) {
        co_return Error{Errc::unauthorized,
                        fmt::format("the token does not allow {}: request one for both repositories",
                                    policy::gerund_of(access))};
    }
    auto const readable = co_await context.guard.require(context.caller, access);
    if (readable.has_value()) co_return true;
    auto const refusal = readable.error().code;
    if (refusal == Errc::denied || refusal == Errc::unauthorized) co_return false;
    co_return readable.error();
}

/// What the caller may not read and what is not there look alike: neither is an error, the client then
/// uploads.
Task<Result<Mount>> try_mount(Context const& context, oci::Digest const& digest, std::string_view from,
                              bool is_named) {
    auto const source = oci::RepositoryName::parse(from);
    if (source.has_error()) co_return Mount::not_from_here;
    auto const readable = co_await may_read(context, *source, is_named);
    if (readable.has_error()) {
        if (readable.error().code == Errc::unauthorized) co_return readable.error();
        co_return Mount::not_at_all;  // A gate that does not answer is not asked about the next repository.
    }
    if (!*readable) co_return Mount::not_from_here;
    auto const mounted =
        co_await registry::mount_blob(context.registry, context.caller, *source, context.name(), digest);
    if (mounted.has_value()) co_return Mount::done;
    auto const code = mounted.error().code;
    if (code == Errc::blob_unknown || code == Errc::name_unknown) co_return Mount::not_from_here;
    // A policy's no is told, with its reason, when the client has uploaded the blob instead.
    if (code == Errc::denied) co_return Mount::not_at_all;
    co_return mounted.error();
}

/// end-11: whether the blob could be made one of this repository: of `from`, or without it of the first
/// repository that the caller may read.
Task<Result<bool>> mount(Context const& context, oci::Digest const& digest) {
    if (auto const from = context.query.first("from")) {
        CO_TRY(auto const named, co_await try_mount(context, digest, *from, true));
        co_return named == Mount::done;
    }
    meta::Page const oldest{std::nullopt, max_holders};
    CO_TRY(auto const holders, co_await registry::list_holders(context.registry, digest, oldest));
    for (auto const& holder : holders.items) {
        CO_TRY(auto const tried, co_await try_mount(context, digest, holder, false));
        if (tried != Mount::not_from_here) co_return tried == Mount::done;
    }
    co_return false;
}

/// end-4b: the whole blob in the POST.
Task<Result<Response>> push_whole(Context const& context, std::string_view digest_text) {
    CO_TRY(auto const digest, oci::Digest::parse(digest_text));
    registry::Chunk const whole{*context.request.body, std::nullopt, body_length(context.request)};
    auto const stored =
        co_await registry::push_blob(context.registry, context.caller, context.name(), whole, digest);
    if (stored.has_error() && stored.error().code == Errc::no_space) {
        co_return upload_failed(context, stored.error());
    }
    CO_CHECK(stored);
    co_return created(context, digest);
}

/// end-4a: a new session that hashes with `algorithm`.
Response start(Context const& context, oci::Algorithm algorithm) {
    auto const started = registry::start_upload(context.registry, context.caller, context.name(), algorithm);
    Response response{.status = 202};
    return std::move(describe(response, context, started.segment, 0));
}

/// end-4a, 4b, 4c and 11: `POST /v2/<name>/blobs/uploads/`.
Task<Result<Response>> post_upload(Context const& context) {
    if (registry::may_be_alias(context.registry)) {
        CO_CHECK(co_await registry::require_no_alias(context.registry, context.name()));
    }
    auto algorithm = oci::Algorithm::sha256;
    bool tried_to_mount = false;
    if (auto const text = context.query.first("mount")) {
        CO_TRY(auto const digest, oci::Digest::parse(*text));
        CO_TRY(bool const mounted, co_await mount(context, digest));
        if (mounted) co_return created(context, digest);
        algorithm = digest.algorithm();
        tried_to_mount = true;
    }
    if (auto const text = context.query.first("digest-algorithm")) {
        CO_TRY(algorithm, oci::parse_algorithm(*text));
    }
    auto const digest = context.query.first("digest");
    // Whoever asks for a mount brings no blob: it goes on with an upload, as after a mount without a digest.
    bool const brings_blob = context.request.has_body || !tried_to_mount;
    if (digest && brings_blob) co_return co_await push_whole(context, *digest);
    auto const room = co_await registry::require_room(context.registry, context.name().str(), 0);
    if (room.has_error()) co_return upload_failed(context, room.error());
    co_return start(context, algorithm);
}

/// end-13: `GET <location>`: how far it has come.
Task<Result<Response>> get_upload(Context const& context) {
    CO_TRY(auto const ref, session(context));
    CO_TRY(auto const offset, co_await registry::upload_offset(context.registry, ref));
    Response response{.status = 204};
    co_return std::move(describe(response, context, context.item, offset));
}

/// end-5: `PATCH <location>`: a chunk, or a stream of unknown length.
Task<Result<Response>> patch_upload(Context const& context) {
    CO_TRY(auto const ref, session(context));
    CO_TRY(auto const chunk, chunk_of(context.request));
    auto const offset = co_await registry::append_upload(context.registry, ref, chunk);
    if (offset.has_error()) co_return co_await not_taken(context, ref, offset.error());
    Response response{.status = 202};
    co_return std::move(describe(response, context, context.item, *offset));
}

/// end-6: `PUT <location>?digest=…`: the last chunk, the whole blob or nothing, and the end.
Task<Result<Response>> put_upload(Context const& context) {
    CO_TRY(auto const ref, session(context));
    CO_TRY(auto const digest, digest_parameter(context.query));
    CO_TRY(auto const last, chunk_of(context.request));
    auto const stored = co_await registry::finish_upload(context.registry, ref, last, digest);
    if (stored.has_error()) co_return co_await not_taken(context, ref, stored.error());
    co_return created(context, digest);
}

/// end-14: `DELETE <location>`.
Task<Result<Response>> delete_upload(Context const& context) {
    CO_TRY(auto const ref, session(context));
    CO_CHECK(co_await registry::cancel_upload(context.registry, ref));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Verb uploads_verbs[] = {
    {Method::post,
     Action::create,
     post_upload,
     "Start an upload session, store the blob in the body (`?digest=`), or mount a blob (`?mount=`, "
     "`?from=`); `?digest-algorithm=` is the algorithm of the final digest.",
     {{{201, "Stored or mounted."},
       {202, "Upload session started; `Location` is its URL. Also for a mount that is not possible."}}},
     {Errc::digest_invalid, Errc::size_invalid},
     {},
     ChallengeScope::mount}};
constexpr Verb upload_verbs[] = {
    {Method::get,
     Action::create,
     get_upload,
     "Get the offset of an upload session.",
     {{{204, "`Range` ends at the last received byte; `0-0` also for an empty upload."}}},
     {Errc::upload_unknown, Errc::upload_busy}},
    {Method::patch,
     Action::create,
     patch_upload,
     "Append the body: a chunk at the offset in `Content-Range`, or a stream.",
     {{{202, "Appended. `Range` ends at the last received byte."}}},
     {Errc::upload_unknown, Errc::upload_busy, Errc::size_invalid, Errc::range_invalid}},
    {Method::put,
     Action::create,
     put_upload,
     "Append the body, if any, and store the upload as a blob with the digest in `?digest=`.",
     {{{201, "Stored."}}},
     {Errc::upload_unknown, Errc::upload_busy, Errc::size_invalid, Errc::range_invalid,
      Errc::digest_invalid}},
    {Method::del,
     Action::create,
     delete_upload,
     "Cancel an upload session.",
     {{{204, "Gone."}}},
     {Errc::upload_unknown, Errc::upload_busy}}};

constexpr Endpoint upload_route_table[] = {
    row("/v2/<name>/blobs/uploads/", "uploads", uploads_verbs),
    row("/v2/<name>/blobs/uploads/<item>", "upload", upload_verbs),
};

}  // namespace

RouteTable upload_routes() noexcept {
    return upload_route_table;
}

}  // namespace ocilot::http
