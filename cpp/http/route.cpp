#include "http/route.h"

namespace ocilot::http {

namespace {

using policy::Action;

constexpr Verb root[] = {{Method::get, std::nullopt, get_root}};
constexpr Verb base[] = {{Method::get, Action::pull, get_base}};
constexpr Verb catalog[] = {{Method::get, Action::pull, get_catalog}};
constexpr Verb tags[] = {{Method::get, Action::pull, get_tags}};
constexpr Verb manifest[] = {{Method::get, Action::pull, get_manifest},
                             {Method::put, Action::push, put_manifest},
                             {Method::del, Action::remove, delete_manifest}};
constexpr Verb referrers[] = {{Method::get, Action::pull, get_referrers}};
constexpr Verb blob[] = {{Method::get, Action::pull, get_blob}, {Method::del, Action::remove, delete_blob}};
constexpr Verb uploads[] = {{Method::post, Action::push, post_upload}};
// Whoever may push may give up: clients cancel with the rights they push with.
constexpr Verb upload[] = {{Method::get, Action::push, get_upload},
                           {Method::patch, Action::push, patch_upload},
                           {Method::put, Action::push, put_upload},
                           {Method::del, Action::push, delete_upload}};

/// A slash at the end of a pattern is optional in a path.
constexpr Endpoint table[] = {
    {"/", "root", root},
    {"/v2/", "base", base},
    {"/v2/_catalog", "catalog", catalog},
    {"/v2/<name>/tags/list", "tags", tags},
    {"/v2/<name>/manifests/<item>", "manifest", manifest},
    {"/v2/<name>/referrers/<item>", "referrers", referrers},
    {"/v2/<name>/blobs/uploads/", "uploads", uploads},
    {"/v2/<name>/blobs/uploads/<item>", "upload", upload},
    {"/v2/<name>/blobs/<item>", "blob", blob},
};

constexpr std::string_view name_mark = "<name>";
constexpr std::string_view item_mark = "<item>";

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
    auto pattern = endpoint.pattern;
    if (take_back(pattern, "/")) take_back(path, "/");
    if (take_back(pattern, item_mark) && !take_last_segment(path, route.item)) return std::nullopt;
    auto const mark = pattern.find(name_mark);
    if (mark == std::string_view::npos) return path == pattern ? std::optional(route) : std::nullopt;
    if (!take_front(path, pattern.substr(0, mark))) return std::nullopt;
    if (!take_back(path, pattern.substr(mark + name_mark.size())) || path.empty()) return std::nullopt;
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
