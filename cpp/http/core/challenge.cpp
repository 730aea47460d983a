#include "http/core/challenge.h"

#include "http/core/url.h"

namespace ocilot::http {

namespace {

/// Appends a quoted-string (RFC 9110 §5.6.4); what cannot be in one becomes a space.
void append_quoted(std::string& out, std::string_view name, std::string_view value) {
    if (out.back() != ' ') out += ',';
    out += name;
    out += "=\"";
    for (char const c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c < ' ' || c == 0x7f ? ' ' : c;
    }
    out += '"';
}

}  // namespace

std::string challenge(ChallengeSettings const& settings, Urls const& urls, std::string_view scope,
                      ChallengeCause cause) {
    if (settings.scheme == ChallengeSettings::Scheme::basic) {
        std::string out = "Basic ";
        append_quoted(out, "realm", settings.realm);
        return out;
    }
    std::string out = "Bearer ";
    append_quoted(out, "realm", settings.realm.empty() ? urls.absolute(settings.path) : settings.realm);
    append_quoted(out, "service", settings.service);
    if (!scope.empty()) append_quoted(out, "scope", scope);
    if (!cause.error.empty()) append_quoted(out, "error", cause.error);
    if (!cause.description.empty()) append_quoted(out, "error_description", cause.description);
    return out;
}

}  // namespace ocilot::http
