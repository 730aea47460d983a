#include "jobs/in_use_list.h"

#include "oci/digest.h"
#include "oci/name.h"
#include "oci/tag.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r";
    auto const first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// A first component with a dot or a port is a registry, as in docker's references.
std::string_view without_registry(std::string_view reference) {
    auto const slash = reference.find('/');
    if (slash == std::string_view::npos) return reference;
    auto const first = reference.substr(0, slash);
    bool const is_host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
    return is_host ? reference.substr(slash + 1) : reference;
}

Result<> read_line(std::string_view line, InUse& found) {
    auto rest = without_registry(line);
    std::set<std::string> references;
    if (auto const at = rest.find('@'); at != std::string_view::npos) {
        TRY(auto const digest, oci::Digest::parse(rest.substr(at + 1)));
        references.insert(digest.str());
        rest = rest.substr(0, at);
    }
    if (auto const colon = rest.find(':'); colon != std::string_view::npos) {
        TRY(auto const tag, oci::Tag::parse(rest.substr(colon + 1)));
        references.insert(tag.str());
        rest = rest.substr(0, colon);
    }
    TRY(auto const name, oci::RepositoryName::parse(rest));
    if (references.empty()) references.insert("latest");
    found[name.str()].merge(references);
    return {};
}

}  // namespace

Result<InUse> parse_in_use(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return Error{Errc::config,
                     "it is empty; if nothing is in use, it needs a comment that says so, such as # none"};
    }
    InUse found;
    for (std::size_t number = 1; !text.empty(); ++number) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.starts_with('#')) continue;
        if (read_line(line, found).has_error()) {
            // Not the line: rules may come over the API, and name any file or URL.
            return Error{Errc::config,
                         fmt::format("line {}: expected a reference such as team/app:v1", number)};
        }
    }
    return found;
}

}  // namespace ocilot::jobs
