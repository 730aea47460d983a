#include "http/core/cache_control.h"
#include "http/core/conditions.h"
#include "http/core/header.h"
#include "http/core/read_body.h"
#include "http/core/warnings.h"
#include "http/v2/alias.h"
#include "http/v2/routes.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "registry/pull.h"
#include "registry/pull_counter.h"
#include "registry/push_manifest.h"
#include "registry/remove.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

/// Everything of an answer but the bytes; 304 if the client has them.
Response answer(Context const& context, oci::Reference const& reference, meta::ManifestFact const& fact) {
    bool const by_tag = std::holds_alternative<oci::Tag>(reference);
    Response response;
    response.set("Docker-Content-Digest", fact.digest.str());
    response.set("ETag", etag(fact.digest));
    response.set("Cache-Control", by_tag ? mutable_content(context) : immutable_content(context));
    if (is_known(context.request, fact.digest)) {
        response.status = 304;
        return response;
    }
    response.set("Content-Type", fact.media_type);
    response.content_length = fact.size;
    return response;
}

/// What a client has and asks for, it uses. But a HEAD by digest may be of one that is about to push.
void count_pull(Context const& context, oci::Reference const& reference, oci::Digest const& digest,
                bool sent) {
    auto* const pulls = context.registry.pulls;
    bool const may_push =
        context.request.method == Method::head && std::holds_alternative<oci::Digest>(reference);
    if (pulls == nullptr || may_push) return;
    // What comes through the control socket is administration.
    if (context.caller.kind == policy::CallerKind::local) return;
    if (auto const* const ignored = context.ignored_pulls) {
        auto const agent = ignored->by_user_agent() ? context.request.header("User-Agent") : std::nullopt;
        if (ignored->contain(context.caller, agent.value_or(""))) return;
    }
    bool const is_told = context.registry.pull_events != registry::PullEvents::off;
    pulls->add(context.name(), reference, digest, sent, is_told ? context.registry.clock.now() : Time{});
}

constexpr std::size_t max_tags = 50;  // One header of the answer names them all: 6 KiB at most.

/// `?tag=` of a push by digest, each once.
Result<std::vector<oci::Tag>> more_tags(Query const& query) {
    std::vector<oci::Tag> tags;
    for (auto const text : query.all("tag")) {
        TRY(auto tag, oci::Tag::parse(text));
        if (std::find(tags.begin(), tags.end(), tag) != tags.end()) continue;
        if (tags.size() == max_tags) {
            return Error{
                Errc::target_too_long,
                fmt::format("invalid push: expected at most {} tags; set the others with another push",
                            max_tags)};
        }
        tags.push_back(std::move(tag));
    }
    return tags;
}

/// One line for all tags: some clients take at most a hundred headers.
std::string list_of(std::vector<oci::Tag> const& tags) {
    std::string list;
    for (auto const& tag : tags) {
        if (!list.empty()) list += ", ";
        list += tag.str();
    }
    return list;
}

/// The bare type the client declares; empty if it declares none.
Result<std::string> content_type(Request const& request) {
    auto const declared = trimmed(request.header("Content-Type").value_or(std::string_view{}));
    auto bare = oci::bare_media_type(declared);
    if (bare.empty() && !declared.empty()) {
        return Error{Errc::manifest_invalid,
                     "invalid Content-Type: expected the media type of the manifest, or none"};
    }
    return bare;
}

/// Whether the caller may move tags that are there, or only push new ones.
Task<Result<bool>> may_move_tags(Context const& context) {
    if (!context.guard.asks()) co_return true;
    policy::Access const access{context.name(), policy::Action::push};
    if (context.guard.known_to_allow(context.caller, access)) co_return true;
    co_return co_await context.guard.may(context.caller, access);
}

/// end-3: `GET` and `HEAD /v2/<name>/manifests/<tag-or-digest>`. Manifests are never converted, so `Accept`
/// is a preference that cannot be met: what is stored is sent.
Task<Result<Response>> get_manifest(Context const& context) {
    CO_TRY(auto const reference, oci::parse_reference(context.item));
    if (context.is_head()) {
        auto fact = co_await registry::stat_manifest(context.registry, context.name(), reference);
        if (fact.has_error() && may_be_alias(context, fact.error())) {
            CO_TRY(auto const target, co_await alias_after(context, fact.error()));
            fact = co_await registry::stat_manifest(context.registry, target, reference);
        }
        if (fact.has_error()) co_return fact.error();
        count_pull(context, reference, fact->digest, false);
        co_return answer(context, reference, *fact);
    }
    auto stored = co_await registry::pull_manifest(context.registry, context.name(), reference);
    if (stored.has_error() && may_be_alias(context, stored.error())) {
        CO_TRY(auto const target, co_await alias_after(context, stored.error()));
        stored = co_await registry::pull_manifest(context.registry, target, reference);
    }
    if (stored.has_error()) co_return stored.error();
    auto response = answer(context, reference, stored->fact);
    bool const sent = response.status == 200;
    count_pull(context, reference, stored->fact.digest, sent);
    if (sent) response.body = std::move(stored->bytes);
    co_return response;
}

/// end-7: `PUT /v2/<name>/manifests/<tag-or-digest>[?tag=…]`.
Task<Result<Response>> put_manifest(Context const& context) {
    CO_TRY(auto const reference, oci::parse_reference(context.item));
    std::vector<oci::Tag> tags;
    if (std::holds_alternative<oci::Digest>(reference)) {
        CO_TRY(tags, more_tags(context.query));
    }
    CO_TRY(auto const type, content_type(context.request));
    CO_TRY(auto const bytes, co_await read_body(context.request, context.registry.rules.manifest_limit));
    CO_TRY(bool const moves, co_await may_move_tags(context));
    registry::ManifestUpload const upload{
        context.caller, context.name(), reference, tags,
        type,           bytes,          moves,     write_condition(context.request)};
    CO_TRY(auto const pushed, co_await registry::push_manifest(context.registry, upload));
    Response response{.status = 201};
    response.set("Location", context.urls.manifest(context.name(), pushed.fact.digest));
    response.set("Docker-Content-Digest", pushed.fact.digest.str());
    if (pushed.subject) response.set("OCI-Subject", pushed.subject->str());
    if (!tags.empty()) response.set("OCI-Tag", list_of(tags));
    add_warnings(response, pushed.warnings);
    co_return response;
}

/// end-9: `DELETE /v2/<name>/manifests/<tag-or-digest>`.
Task<Result<Response>> delete_manifest(Context const& context) {
    CO_TRY(auto const reference, oci::parse_reference(context.item));
    CO_CHECK(co_await registry::delete_manifest(context.registry, context.caller, context.name(), reference,
                                                write_condition(context.request)));
    co_return Response{.status = 202};
}

using policy::Action;

constexpr Verb manifest_verbs[] = {
    {Method::get,
     Action::pull,
     get_manifest,
     "Get a manifest by tag or digest.",
     {{{200, "The manifest, byte for byte, with its media type and `Docker-Content-Digest`."}, not_modified}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown},
     {},
     ChallengeScope::path,
     auth::RequestClass::manifests},
    {Method::put,
     Action::create,
     put_manifest,
     "Store a manifest and set a tag to it. `?tag=` sets tags in a push by digest. `If-Match` and "
     "`If-None-Match` are conditions on the tags; in a push by digest without tags, on the manifest itself.",
     {{{201,
        "Stored. `OCI-Subject` if it has a subject, `OCI-Tag` for each `?tag=`, `Warning` for each "
        "descriptor with a wrong size."}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_invalid, Errc::manifest_too_large,
      Errc::manifest_blob_unknown, Errc::precondition_failed}},
    {Method::del,
     Action::remove,
     delete_manifest,
     "Remove a tag, or a manifest with all its tags; `If-Match` and `If-None-Match` as for a push.",
     {{{202, "Removed."}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown, Errc::unsupported,
      Errc::precondition_failed}}};

constexpr Endpoint manifest_route_table[] = {
    row("/v2/<name>/manifests/<item>", "manifest", manifest_verbs),
};

}  // namespace

RouteTable manifest_routes() noexcept {
    return manifest_route_table;
}

}  // namespace ocilot::http
