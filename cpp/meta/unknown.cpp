#include "meta/unknown.h"

#include <fmt/format.h>

namespace ocilot::meta {

Error name_unknown(oci::RepositoryName const& repository) {
    return {Errc::name_unknown,
            fmt::format("repository {} not found; check the name, or push to it first", repository.str())};
}

Error alias_unknown(oci::RepositoryName const& name) {
    return {Errc::not_found, fmt::format("alias {} not found; list the aliases", name.str())};
}

Error repository_exists(oci::RepositoryName const& repository) {
    return {Errc::conflict, fmt::format("repository {} already exists; choose another name, or rename or "
                                        "delete that repository first",
                                        repository.str())};
}

Error alias_exists(oci::RepositoryName const& name) {
    return {Errc::conflict,
            fmt::format("{} is an alias of another repository; choose another name, or remove the alias",
                        name.str())};
}

Error push_to_alias(oci::RepositoryName const& name) {
    return {Errc::denied, fmt::format("{} is an alias, which is for pulls only; push to the repository under "
                                      "its own name",
                                      name.str())};
}

Error tag_unknown(oci::RepositoryName const& repository, oci::Tag const& tag) {
    return {Errc::manifest_unknown,
            fmt::format("repository {} has no tag {}; check the tag, or push it first", repository.str(),
                        tag.str())};
}

Error manifest_unknown(oci::RepositoryName const& repository, oci::Digest const& digest) {
    return {Errc::manifest_unknown,
            fmt::format("repository {} has no manifest {}; check the digest, or push it first",
                        repository.str(), digest.str())};
}

Error blob_unknown(oci::RepositoryName const& repository, oci::Digest const& digest) {
    return {Errc::blob_unknown,
            fmt::format("repository {} has no blob {}; check the digest, or push it first", repository.str(),
                        digest.str())};
}

Error account_unknown(std::string_view name) {
    return {Errc::not_found, fmt::format("account {} not found; check the name, or create it first", name)};
}

Error token_unknown(std::string_view id) {
    return {Errc::not_found, fmt::format("token {} not found; list the tokens", id)};
}

Error retention_policy_unknown(std::string_view name) {
    return {Errc::not_found,
            fmt::format("retention policy {} not found; list those that were set over the API", name)};
}

Error tag_taken(oci::Tag const& tag) {
    return {
        Errc::denied,
        fmt::format("tag {} already exists and you may only create tags; push under another tag", tag.str())};
}

Error upload_unknown(Uuid id) {
    return {Errc::upload_unknown,
            fmt::format("upload session {} not found: it is finished, cancelled or expired; start a new one",
                        id.str())};
}

Error upload_claimed(Uuid id) {
    return {Errc::upload_busy, fmt::format("upload session {} was continued by another request; get its "
                                           "offset with GET on its location, or start a new one",
                                           id.str())};
}

Error content_missing(oci::RepositoryName const& repository, std::vector<std::string> missing) {
    auto const others = missing.size() - 1;
    auto message = fmt::format(
        "repository {} does not contain {}, which the manifest references{}; push {} first", repository.str(),
        missing.front(), others > 0 ? fmt::format(", nor {} more", others) : "", others > 0 ? "them" : "it");
    return {Errc::manifest_blob_unknown, std::move(message), std::move(missing)};
}

}  // namespace ocilot::meta
