#include "http/route.h"

namespace ocilot::http {

namespace {

using policy::Action;

constexpr Success ok_list{200, "The list; `Link` leads to the next page if there is one."};
constexpr Success not_modified{304, "The client has it already (`If-None-Match`)."};

constexpr Verb root[] = {{Method::get,
                          std::nullopt,
                          get_root,
                          "Whether anything answers here.",
                          {{{200, "Nothing, with length 0."}}},
                          {}}};
constexpr Verb base[] = {{Method::get,
                          Action::pull,
                          get_base,
                          "Whether this is a registry that the caller may use.",
                          {{{200, "`{}`"}}},
                          {}}};
constexpr Verb catalog[] = {
    {Method::get,
     Action::pull,
     get_catalog,
     "Names of the repositories that hold a manifest; `?n=` a page, `?last=` where it begins.",
     {{ok_list}},
     {Errc::pagination_invalid}}};
constexpr Verb tags[] = {{Method::get,
                          Action::pull,
                          get_tags,
                          "Tags of a repository; `?n=` a page, `?last=` where it begins.",
                          {{ok_list}},
                          {Errc::pagination_invalid, Errc::name_unknown}}};
constexpr Verb manifest[] = {
    {Method::get,
     Action::pull,
     get_manifest,
     "A manifest by tag or digest.",
     {{{200, "The manifest, byte for byte, with its media type and `Docker-Content-Digest`."}, not_modified}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown}},
    {Method::put,
     Action::push,
     put_manifest,
     "Stores a manifest and moves a tag to it; `?tag=` sets tags in a push by digest.",
     {{{201,
        "Stored. `OCI-Subject` if it has a subject, `OCI-Tag` for each `?tag=`, `Warning` for each "
        "descriptor with a wrong size."}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_invalid, Errc::manifest_too_large,
      Errc::manifest_blob_unknown}},
    {Method::del,
     Action::remove,
     delete_manifest,
     "Removes a tag, or a manifest with all its tags.",
     {{{202, "Removed."}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown, Errc::unsupported}}};
constexpr Verb referrers[] = {
    {Method::get,
     Action::pull,
     get_referrers,
     "Manifests whose subject is this digest; `?artifactType=` only those of one type.",
     {{{200,
        "An image index, empty if there are none; `OCI-Filters-Applied` if it was filtered, `Link` if "
        "there is another page."}}},
     {Errc::digest_invalid, Errc::pagination_invalid}}};
constexpr Verb blob[] = {
    {Method::get,
     Action::pull,
     get_blob,
     "A blob, or with `Range` parts of it.",
     {{{200, "The blob."},
       {206,
        "One part, or with several ranges a `multipart/byteranges`; several ranges that would cost more "
        "than the blob get a 200."},
       not_modified}},
     {Errc::digest_invalid, Errc::blob_unknown, Errc::range_invalid}},
    {Method::del,
     Action::remove,
     delete_blob,
     "Takes a blob out of a repository.",
     {{{202, "Removed."}}},
     {Errc::digest_invalid, Errc::blob_unknown, Errc::unsupported}}};
constexpr Verb uploads[] = {
    {Method::post,
     Action::push,
     post_upload,
     "Starts an upload, stores the blob of the body (`?digest=`), or mounts one (`?mount=`, `?from=`); "
     "`?digest-algorithm=` tells how an upload will be named.",
     {{{201, "Stored or mounted."},
       {202, "Started: `Location` is where it goes on. Also for a mount that cannot be."}}},
     {Errc::digest_invalid, Errc::size_invalid}}};
// Whoever may push may give up: clients cancel with the rights they push with.
constexpr Verb upload[] = {
    {Method::get,
     Action::push,
     get_upload,
     "How far an upload is.",
     {{{204, "`Range` names its last byte; `0-0` for an empty one, too."}}},
     {Errc::upload_unknown, Errc::upload_busy}},
    {Method::patch,
     Action::push,
     patch_upload,
     "Adds the body: a chunk at the place `Content-Range` names, or a stream.",
     {{{202, "Added; `Range` names the last byte."}}},
     {Errc::upload_unknown, Errc::upload_busy, Errc::size_invalid, Errc::range_invalid}},
    {Method::put,
     Action::push,
     put_upload,
     "Adds the body, if any, and makes a blob of it all; `?digest=` is its name.",
     {{{201, "Stored."}}},
     {Errc::upload_unknown, Errc::upload_busy, Errc::size_invalid, Errc::range_invalid,
      Errc::digest_invalid}},
    {Method::del,
     Action::push,
     delete_upload,
     "Gives an upload up.",
     {{{204, "Gone."}}},
     {Errc::upload_unknown, Errc::upload_busy}}};

constexpr Verb token[] = {
    {Method::get,
     std::nullopt,
     get_token,
     "A bearer token for whoever sends Basic credentials, or for anonymous use; `?scope=` what for, each one "
     "or "
     "separated by spaces, `?offline_token=true` with a refresh token.",
     {{{200, "The token, good for what the caller may do of what was asked; that can be nothing."}}},
     {}},
    {Method::post,
     std::nullopt,
     post_token,
     "The same for a form with `grant_type` `password` (`username`, `password`), `refresh_token`, or "
     "`urn:ietf:params:oauth:grant-type:token-exchange` (`subject_token` of a foreign issuer); `scope`, "
     "and "
     "`access_type=offline` for a refresh token.",
     {{{200, "The token."}}},
     {Errc::body_too_large}}};
constexpr Verb token_keys[] = {{Method::get,
                                std::nullopt,
                                get_token_keys,
                                "The public keys that the registry's tokens are signed with, as a JWKS.",
                                {{{200, "The keys."}}},
                                {}}};
constexpr Verb access[] = {
    {Method::get,
     Action::admin,
     get_access,
     "Whether somebody may do something, and what decides: `?user=`, `?kind=`, `?groups=`, `?action=`, "
     "`?repository=`.",
     {{{200, "The decision, with the rule or the hook it comes from."}}},
     {}}};
constexpr Verb keys[] = {
    {Method::get,
     Action::admin,
     get_keys,
     "The keys that tokens are signed with, youngest first.",
     {{{200, "Their ids and ages."}}},
     {}},
    {Method::post,
     Action::admin,
     post_keys,
     "Makes a key that signs from now on; the older ones verify until their tokens are over.",
     {{{201, "Made."}}},
     {}}};

constexpr Success account_shown{200, "The account; of its password only whether there is one."};
constexpr Verb accounts[] = {
    {Method::get,
     Action::admin,
     get_accounts,
     "Accounts by name; `?n=` a page, `?last=` where it begins.",
     {{ok_list}},
     {Errc::pagination_invalid}},
    {Method::post,
     Action::admin,
     post_account,
     "Adds an account: `name`, `kind` (`user` or `robot`), `password`, `groups`, `admin`, "
     "`disabled`.",
     {{{201, "The account; `Location` is where it is."}}},
     {Errc::body_too_large}}};
constexpr Verb account[] = {{Method::get, Action::admin, get_account, "One account.", {{account_shown}}, {}},
                            {Method::patch,
                             Action::admin,
                             patch_account,
                             "Changes what is given: `password` (`null` for none), `groups`, `admin`, "
                             "`disabled`. Another password ends "
                             "the account's refresh tokens.",
                             {{account_shown}},
                             {Errc::body_too_large}},
                            {Method::del,
                             Action::admin,
                             delete_account,
                             "Removes an account and all its tokens.",
                             {{{204, "Gone."}}},
                             {}}};
constexpr Verb account_tokens[] = {
    {Method::get,
     Action::admin,
     get_account_tokens,
     "Tokens, oldest first, without their secrets; `?account=` only those of one account, `?refresh=true` "
     "those that "
     "logins were given, too; `?n=` a page, `?last=` where it begins.",
     {{ok_list}},
     {Errc::pagination_invalid}},
    {Method::post,
     Action::admin,
     post_account_token,
     "Makes a token of an account, which is taken in place of its password: `account`, `note`, `scopes`, "
     "`expires_in` (seconds).",
     {{{201, "The token with its `secret`, which is never shown again."}}},
     {Errc::body_too_large}}};
constexpr Verb account_token[] = {
    {Method::del, Action::admin, delete_account_token, "Removes a token.", {{{204, "Gone."}}}, {}}};
constexpr Verb audit[] = {
    {Method::get,
     Action::admin,
     get_audit,
     "Changes and refusals, youngest first; `?since=`, `?until=`, `?by=`, `?repository=`, `?action=` (with a "
     "point "
     "at its end all that begin so), `?refused=`; `?n=` a page, `?before=` the entry it comes after.",
     {{ok_list}},
     {Errc::pagination_invalid}}};

constexpr Verb hooks[] = {{Method::get,
                           Action::admin,
                           get_hooks,
                           "Which hooks are in force, and how they fare.",
                           {{{200, "Scripts, points and numbers."}}},
                           {}}};
constexpr Verb hooks_reload[] = {
    {Method::post,
     Action::admin,
     post_hooks_reload,
     "Loads the hooks again; if one cannot be used the old ones stay in force.",
     {{{200, "What is in force now; `ok` and `problems` tell whether it worked."}}},
     {}}};

constexpr std::string_view name_mark = "<name>";
constexpr std::string_view item_mark = "<item>";

/// Takes a pattern apart, once and for all. A slash at its end is optional in a path.
constexpr Endpoint row(std::string_view pattern, std::string_view name, std::span<Verb const> verbs) {
    Endpoint endpoint{.pattern = pattern, .name = name, .verbs = verbs, .shape = {}};
    auto& shape = endpoint.shape;
    shape.open_end = pattern.ends_with('/');
    if (shape.open_end) pattern.remove_suffix(1);
    shape.has_item = pattern.ends_with(item_mark);
    if (shape.has_item) pattern.remove_suffix(item_mark.size());
    auto const mark = pattern.find(name_mark);
    shape.has_name = mark != std::string_view::npos;
    shape.before = pattern.substr(0, mark);
    if (shape.has_name) shape.after = pattern.substr(mark + name_mark.size());
    return endpoint;
}

constexpr Endpoint table[] = {
    row("/", "root", root),
    row("/v2/", "base", base),
    row("/v2/_catalog", "catalog", catalog),
    row("/v2/<name>/tags/list", "tags", tags),
    row("/v2/<name>/manifests/<item>", "manifest", manifest),
    row("/v2/<name>/referrers/<item>", "referrers", referrers),
    row("/v2/<name>/blobs/uploads/", "uploads", uploads),
    row("/v2/<name>/blobs/uploads/<item>", "upload", upload),
    row("/v2/<name>/blobs/<item>", "blob", blob),
    row("/token", "token", token),
    row("/token/keys", "token_keys", token_keys),
    row("/api/v1/accounts", "accounts", accounts),
    row("/api/v1/accounts/<item>", "account", account),
    row("/api/v1/tokens", "account_tokens", account_tokens),
    row("/api/v1/tokens/<item>", "account_token", account_token),
    row("/api/v1/audit", "audit", audit),
    row("/api/v1/access", "access", access),
    row("/api/v1/keys", "keys", keys),
    row("/api/v1/hooks", "hooks", hooks),
    row("/api/v1/hooks/reload", "hooks_reload", hooks_reload),
};

bool take_front(std::string_view& text, std::string_view literal) noexcept {
    if (!text.starts_with(literal)) return false;
    text.remove_prefix(literal.size());
    return true;
}

bool take_back(std::string_view& text, std::string_view literal) noexcept {
    if (!text.ends_with(literal)) return false;
    text.remove_suffix(literal.size());
    return true;
}

/// Takes the last segment off; it may not be empty.
bool take_last_segment(std::string_view& path, std::string_view& segment) noexcept {
    auto const slash = path.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == path.size()) return false;
    segment = path.substr(slash + 1);
    path = path.substr(0, slash + 1);
    return true;
}

std::optional<Route> match(Endpoint const& endpoint, std::string_view path) noexcept {
    Route route{.endpoint = &endpoint, .name = {}, .item = {}};
    auto const& shape = endpoint.shape;
    if (shape.open_end) take_back(path, "/");
    if (shape.has_item && !take_last_segment(path, route.item)) return std::nullopt;
    if (!shape.has_name) return path == shape.before ? std::optional(route) : std::nullopt;
    if (!take_back(path, shape.after) || !take_front(path, shape.before) || path.empty()) return std::nullopt;
    route.name = path;
    return route;
}

}  // namespace

Verb const* Endpoint::find(Method method) const noexcept {
    if (method == Method::head) method = Method::get;
    for (auto const& verb : verbs) {
        if (verb.method == method) return &verb;
    }
    return nullptr;
}

std::string Endpoint::allow(std::optional<Method> except) const {
    std::string out;
    for (auto const& verb : verbs) {
        if (verb.method == except) continue;
        out += to_string(verb.method);
        out += verb.method == Method::get ? ", HEAD, " : ", ";
    }
    return out + "OPTIONS";
}

Errors common_errors() noexcept {
    return {Errc::bad_request,
            Errc::name_invalid,
            Errc::header_too_large,
            Errc::target_too_long,
            Errc::length_required,
            Errc::request_timeout,
            Errc::not_implemented,
            Errc::not_found,
            Errc::method_not_allowed,
            Errc::unauthorized,
            Errc::denied,
            Errc::too_many_requests,
            Errc::conflict,
            Errc::no_space,
            Errc::unavailable,
            Errc::io,
            Errc::internal};
}

std::span<Endpoint const> endpoints() noexcept {
    return table;
}

std::optional<Route> find_route(std::string_view path) noexcept {
    for (auto const& endpoint : table) {
        if (auto const route = match(endpoint, path)) return route;
    }
    return std::nullopt;
}

}  // namespace ocilot::http
