#include "meta/charged_to.h"

namespace ocilot::meta {

std::string charged_to(std::string_view kind, std::string_view name) {
    if (kind == "anonymous") return "anonymous";
    if (name.empty() || kind.empty() || kind == "system" || kind == "local") return {};
    std::string charged;
    charged.reserve(kind.size() + 1 + name.size());
    return charged.append(kind).append(1, ':').append(name);
}

}  // namespace ocilot::meta
