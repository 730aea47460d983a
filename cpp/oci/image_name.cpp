#include "oci/image_name.h"

namespace ocilot::oci {

namespace {

constexpr std::size_t longest_host = 255;
constexpr std::string_view in_hosts = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

/// As in docker's references.
Result<std::string_view> without_registry(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) return text;
    auto const first = text.substr(0, slash);
    bool const is_host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
    if (!is_host) return text;
    if (first.size() > longest_host || first.find_first_not_of(in_hosts) != std::string_view::npos) {
        return Error{Errc::name_invalid, "invalid name of a registry"};
    }
    return text.substr(slash + 1);
}

}  // namespace

Result<ImageName> ImageName::parse(std::string_view text) {
    TRY(auto rest, without_registry(text));
    if (Digest::parse(rest).has_value()) {
        return Error{Errc::name_invalid, "a digest without a repository"};
    }
    std::optional<Digest> digest;
    if (auto const at = rest.find('@'); at != std::string_view::npos) {
        TRY(digest, Digest::parse(rest.substr(at + 1)));
        rest = rest.substr(0, at);
    }
    std::optional<Tag> tag;
    if (auto const colon = rest.find(':'); colon != std::string_view::npos) {
        TRY(tag, Tag::parse(rest.substr(colon + 1)));
        rest = rest.substr(0, colon);
    }
    TRY(auto repository, RepositoryName::parse(rest));
    if (!tag && !digest) {
        TRY(tag, Tag::parse("latest"));
    }
    return ImageName{std::move(repository), std::move(tag), digest};
}

}  // namespace ocilot::oci
