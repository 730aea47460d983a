#include "jobs/in_use_list.h"

#include "oci/image_name.h"

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

}  // namespace

Result<> add_in_use(std::string_view reference, InUse& found) {
    TRY(auto const image, oci::ImageName::parse(reference));
    auto& named = found[image.repository.str()];
    if (image.tag) named.insert(image.tag->str());
    if (image.digest) named.insert(image.digest->str());
    return {};
}

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
        if (add_in_use(line, found).has_error()) {
            // Not the line: rules may come over the API, and name any file or URL.
            return Error{Errc::config,
                         fmt::format("line {}: expected a reference such as team/app:v1", number)};
        }
    }
    return found;
}

}  // namespace ocilot::jobs
