#include "events/chat_message.h"

#include "meta/change_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::events {

namespace {

using Json = nlohmann::ordered_json;

// Discord refuses messages of more than 2000 characters; Slack cuts at 40 000, Teams at 28 KB.
constexpr std::size_t max_message = 1900;
constexpr std::size_t short_digest = sizeof("sha256:") - 1 + 12;

std::string who(Event const& event) {
    if (!event.by.name.empty()) return event.by.name;
    return event.by.kind == "system" ? "ocilot" : "an anonymous client";
}

std::string shortened(std::string const& digest) {
    return digest.substr(0, short_digest);
}

/// `team/app:v1, latest`, or with its digest if there is no tag.
std::string named(Event const& event) {
    if (event.tags.empty()) {
        if (event.tag.empty()) return event.repository + "@" + shortened(event.digest);
        return event.repository + ":" + event.tag;
    }
    auto names = event.repository + ":" + fmt::format("{}", fmt::join(event.tags, ", "));
    if (event.tags_total > event.tags.size()) {
        names += fmt::format(" and {} more", event.tags_total - event.tags.size());
    }
    return names;
}

std::string with_counts(std::string line, Event const& event) {
    for (auto const& [what, count] : event.counts) line += ", " + meta::count_text(count, what);
    return line;
}

std::string times_text(std::uint64_t times) {
    return times == 1 ? "once" : fmt::format("{} times", times);
}

std::string refused_line(Event const& event) {
    auto line = fmt::format("{} was refused ({})", who(event), event.refusal);
    if (!event.repository.empty()) line += " on " + event.repository;
    if (!event.reason.empty()) line += ": " + event.reason;
    if (event.times > 1) line += fmt::format(" ({} times)", event.times);
    return line;
}

/// With the characters that the service reads as markup made harmless.
std::string escaped(Format format, std::string_view text) {
    std::string out;
    for (auto const c : text) {
        if (format == Format::slack) {
            if (c == '&') {
                out += "&amp;";
                continue;
            }
            if (c == '<') {
                out += "&lt;";
                continue;
            }
            if (c == '>') {
                out += "&gt;";
                continue;
            }
        } else if (std::string_view("*_`~|[]()\\").find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

/// Not in the middle of a character.
void cut(std::string& text, std::size_t most) {
    if (text.size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    text.resize(most);
    text += " …";
}

Json teams_card(std::string const& text) {
    Json content{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                 {"type", "AdaptiveCard"},
                 {"version", "1.4"},
                 {"body", Json::array({Json{{"type", "TextBlock"}, {"text", text}, {"wrap", true}}})}};
    return {{"type", "message"},
            {"attachments", Json::array({Json{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                              {"contentUrl", nullptr},
                                              {"content", std::move(content)}}})}};
}

Json chat_json(Format format, std::string const& text) {
    if (format == Format::teams) return teams_card(text);
    if (format == Format::discord) {
        return {{"content", text}, {"allowed_mentions", {{"parse", Json::array()}}}};
    }
    return {{"text", text}};
}

}  // namespace

std::string chat_line(Event const& event) {
    bool const tagged = !event.tag.empty() || !event.tags.empty();
    auto const content = event.digest.empty() ? "" : fmt::format(" ({})", shortened(event.digest));
    switch (event.action) {
        case Action::manifest_pushed:
            return tagged ? fmt::format("{} pushed {}{}", who(event), named(event), content) : "";
        case Action::manifest_deleted:
            return fmt::format("{} deleted {}{}", who(event), named(event), content);
        case Action::manifest_restored:
        case Action::tag_restored:
            return fmt::format("{} restored {}{}", who(event), named(event), content);
        case Action::tag_deleted:
            return fmt::format("{} deleted the tag {}{}", who(event), named(event), content);
        case Action::repository_created:
            return fmt::format("{} created the repository {}", who(event), event.repository);
        case Action::repository_deleted:
            return with_counts(fmt::format("{} deleted the repository {}", who(event), event.repository),
                               event);
        case Action::repository_renamed:
            return fmt::format("{} renamed the repository {} to {}", who(event), event.renamed_from,
                               event.repository);
        case Action::pulled:
            return fmt::format("{} was pulled {}{}", named(event), times_text(event.times), content);
        case Action::retention_planned:
            return with_counts("retention made a plan", event);
        case Action::retention_applied:
            return with_counts("retention applied its policies", event);
        case Action::retention_waiting:
            return with_counts("a retention plan waits for an administrator: " + event.reason, event);
        case Action::collection_finished:
            return with_counts("the garbage collection removed content", event);
        case Action::quota_exceeded:
            return fmt::format("{} cannot push to {}: {}", who(event), event.repository, event.reason);
        case Action::quota_warning:
            return "a quota is nearly used up: " + event.reason;
        case Action::refused:
            return refused_line(event);
        case Action::webhook_test:
            return "ocilot can reach this channel";
        default:
            return {};
    }
}

std::optional<std::string> chat_message(Format format, std::span<Event const> events) {
    std::string text;
    for (auto const& event : events) {
        auto const line = chat_line(event);
        if (line.empty()) continue;
        if (!text.empty()) text += format == Format::teams ? "\n\n" : "\n";
        text += escaped(format, line);
    }
    if (text.empty()) return std::nullopt;
    cut(text, max_message);
    return chat_json(format, text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ocilot::events
