#include "oci/reference.h"

namespace ocilot::oci {

Result<Reference> parse_reference(std::string_view text) {
    if (text.find(':') != std::string_view::npos) {
        TRY(auto digest, Digest::parse(text));
        return Reference(digest);
    }
    TRY(auto tag, Tag::parse(text));
    return Reference(std::move(tag));
}

std::string to_string(Reference const& reference) {
    return std::visit([](auto const& value) { return std::string(value.str()); }, reference);
}

}  // namespace ocilot::oci
