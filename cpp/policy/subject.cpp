#include "policy/subject.h"

#include "base/quote.h"
#include "oci/wildcard.h"

#include <fmt/format.h>

namespace ocilot::policy {

Result<Subject> Subject::parse(std::string_view text, Names names) {
    auto const colon = text.find(':');
    auto const name = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
    auto const word = text.substr(0, colon);
    auto const made = [&](Kind kind) { return Subject(kind, name, text, names); };
    if (colon == text.npos) {
        if (word == "anonymous") return made(Kind::anonymous);
        if (word == "everyone") return made(Kind::everyone);
    } else if (!name.empty()) {
        if (word == "user") return made(Kind::user);
        if (word == "group") return made(Kind::group);
        if (word == "robot") return made(Kind::robot);
        if (word == "federated") return made(Kind::federated);
        if (word == "certificate") return made(Kind::certificate);
    }
    return Error{Errc::config, fmt::format("unknown subject {}: expected anonymous, everyone, user:NAME, "
                                           "group:NAME, robot:NAME, federated:PATTERN or certificate:PATTERN",
                                           quote(text))};
}

Subject Subject::account(std::string_view name) {
    return {Kind::account, name, name, Names::exact};
}

bool Subject::is_named(Caller const& caller, CallerKind kind) const {
    if (caller.kind != kind) return false;
    bool const exact = names_ == Names::exact && (kind == CallerKind::user || kind == CallerKind::robot);
    return exact ? caller.name == name_ : oci::fits_wildcards(name_, caller.name);
}

bool Subject::fits(Caller const& caller) const {
    switch (kind_) {
        case Kind::anonymous:
            return caller.anonymous();
        case Kind::everyone:
            return !caller.anonymous();
        case Kind::group:
            return false;
        case Kind::user:
            return is_named(caller, CallerKind::user);
        case Kind::robot:
            return is_named(caller, CallerKind::robot);
        case Kind::account:
            return is_named(caller, CallerKind::user) || is_named(caller, CallerKind::robot);
        case Kind::federated:
            return is_named(caller, CallerKind::federated);
        case Kind::certificate:
            return is_named(caller, CallerKind::certificate);
    }
    return false;
}

}  // namespace ocilot::policy
