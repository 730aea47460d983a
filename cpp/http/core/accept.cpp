#include "http/core/accept.h"

#include "http/core/header.h"
#include "oci/media_type.h"

namespace ocilot::http {

namespace {

/// Whether the parameters of an Accept element hold a weight of zero (`q=0`, `q=0.000`).
bool is_refused(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        auto parameter = cut(parameters, ';');
        if (!same_token(trimmed(cut(parameter, '=')), "q")) continue;
        auto const weight = trimmed(parameter);
        return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
    }
    return false;
}

bool is_wildcard(std::string_view type) noexcept {
    return type == "*/*" || same_token(type, "application/*") || same_token(type, oci::media_type::json);
}

bool names_manifest(std::string_view type) {
    auto const bare = oci::bare_media_type(type);
    return oci::is_manifest(bare) || bare == oci::media_type::docker_schema1 ||
           bare == oci::media_type::docker_schema1_signed;
}

}  // namespace

bool accepts(Request const& request, std::string_view type) {
    bool taken = false;
    bool refused = false;
    bool others = false;
    for_each_element(request, "Accept", [&](std::string_view element) {
        auto const name = trimmed(cut(element, ';'));
        bool const zero = is_refused(element);
        if (same_token(name, type)) {
            (zero ? refused : taken) = true;
        } else if (!zero && is_wildcard(name)) {
            taken = true;
        } else if (!zero && names_manifest(name)) {
            others = true;
        }
    });
    return !refused && (taken || !others);
}

}  // namespace ocilot::http
