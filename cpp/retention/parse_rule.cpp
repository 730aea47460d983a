#include "retention/parse_rule.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::retention {

namespace {

constexpr std::string_view annotation_prefix = "annotation:";
constexpr std::string_view label_prefix = "label:";

Result<Order> order_of(Members const& members, bool semver) {
    TRY(auto const text, members.text("by"));
    if (!text) return semver ? Order::version : Order::push;
    if (*text == "push") return Order::push;
    if (*text == "pull") return Order::pull;
    if (*text == "version" && semver) return Order::version;
    return expected_at(members.at("by"), semver ? "push, pull or version" : "push or pull");
}

Result<> read_group(Members const& members, Rule& rule) {
    TRY(auto const text, members.text("per"));
    if (!text) return {};
    if (*text == "pattern" && !rule.tags.empty()) {
        rule.per = Group::pattern;
    } else if (*text == "minor" && rule.semver) {
        rule.per = Group::minor;
    } else if (*text == "major" && rule.semver) {
        rule.per = Group::major;
    } else if (text->starts_with(annotation_prefix) && text->size() > annotation_prefix.size()) {
        rule.per = Group::annotation;
        rule.per_key = text->substr(annotation_prefix.size());
    } else if (text->starts_with(label_prefix) && text->size() > label_prefix.size()) {
        rule.per = Group::label;
        rule.per_key = text->substr(label_prefix.size());
    } else {
        return expected_at(members.at("per"),
                           "pattern (with tags), minor or major (with semver), annotation:KEY or label:KEY");
    }
    return {};
}

Result<> read_count(Members const& members, Rule& rule) {
    TRY(rule.newest, members.number("newest", 1));
    TRY(rule.until_size, members.size("until-size"));
    for (auto const* const name : {"by", "count", "per"}) {
        if (rule.newest || !members.has(name)) continue;
        if (rule.until_size && name == std::string_view("by")) continue;
        return refused_at(members.at(name), "it has no effect without newest: N; add it or remove this");
    }
    TRY(rule.by, order_of(members, rule.semver));
    if (rule.until_size && rule.by == Order::pull) {
        return refused_at(
            members.at("by"),
            "it would delete for want of pulls; use push or version, and keep by pulled-within");
    }
    TRY(auto const count, members.text("count"));
    if (count && *count != "tags" && *count != "images") {
        return expected_at(members.at("count"), "tags or images");
    }
    rule.count_images = count == "images";
    return read_group(members, rule);
}

using KeyPatterns = std::vector<std::pair<std::string, Glob>>;

Result<KeyPatterns> read_keys(Members const& members, std::string_view name) {
    KeyPatterns found;
    auto const* const keys = members.find(name);
    if (keys == nullptr) return found;
    TRY(auto const each,
        Members::of(*keys, members.at(name),
                    fmt::format("a section of {} keys, each with a pattern of its value", name)));
    for (auto const& [key, value] : keys->items()) {
        TRY(auto patterns, each.patterns(key));
        if (patterns.size() != 1) return expected_at(each.at(key), "one pattern");
        found.emplace_back(key, std::move(patterns.front()));
    }
    return found;
}

Result<> read_content(Members const& members, Rule& rule) {
    TRY(rule.artifact_types, members.patterns("artifact-type"));
    TRY(rule.annotations, read_keys(members, "annotation"));
    TRY(rule.labels, read_keys(members, "label"));
    return {};
}

Result<> read_tags(Members const& members, Rule& rule) {
    TRY(rule.tags, members.tag_patterns("tags"));
    TRY(rule.except, members.tag_patterns("except"));
    TRY(rule.also, members.tag_patterns("also"));
    TRY(rule.unless_also, members.tag_patterns("unless-also"));
    TRY(rule.all_tags, members.flag("all-tags"));
    TRY(rule.semver, members.flag("semver"));
    TRY(rule.prereleases, members.flag("prereleases"));
    if (rule.prereleases && !rule.semver) {
        return refused_at(members.at("prereleases"), "it has no effect without semver: true");
    }
    CHECK(read_content(members, rule));
    TRY(rule.older_than, members.duration("older-than"));
    TRY(rule.pushed_within, members.duration("pushed-within"));
    TRY(rule.pulled_within, members.duration("pulled-within"));
    return read_count(members, rule);
}

bool selects_every_tag(Rule const& rule) {
    bool const every_name = rule.tags.empty() || std::ranges::any_of(rule.tags, &Glob::matches_everything);
    return every_name && rule.except.empty() && !rule.semver && rule.annotations.empty() &&
           rule.labels.empty() && rule.artifact_types.empty() && rule.also.empty() &&
           rule.unless_also.empty() && !rule.older_than && !rule.pushed_within && !rule.pulled_within &&
           !rule.newest && !rule.until_size;
}

Result<Rule> tag_rule(Members const& members, Purpose purpose) {
    CHECK(members.only({"tags", "except", "semver", "prereleases", "annotation", "label", "artifact-type",
                        "also", "unless-also", "all-tags", "older-than", "pushed-within", "pulled-within",
                        "newest", "by", "count", "per", "until-size", "everything"}));
    if (!members.has("tags") && !members.has("semver") && !members.has("annotation") &&
        !members.has("label")) {
        return expected_at(
            members.path(),
            "a rule with tags, semver, annotation, label, untagged, untagged-for, referrers or "
            "in-use");
    }
    Rule rule;
    CHECK(read_tags(members, rule));
    TRY(bool const everything, members.flag("everything"));
    if (purpose == Purpose::keep) {
        if (!rule.unless_also.empty()) {
            return refused_at(members.at("unless-also"), "it spares tags from delete rules; use except here");
        }
        for (auto const* const name : {"everything", "until-size"}) {
            if (members.has(name)) return refused_at(members.at(name), "it is for delete rules");
        }
        return rule;
    }
    if (rule.newest) {
        return refused_at(
            members.at("newest"),
            "a delete rule has no count; put newest: N into a keep rule, which wins over this one");
    }
    if (rule.pulled_within) {
        return refused_at(
            members.at("pulled-within"),
            "it would delete what is in use; put it into a keep rule, which wins over this one");
    }
    if (selects_every_tag(rule) && !everything) {
        return refused_at(members.path(),
                          "it deletes every tag that no keep rule selects; add a condition such as "
                          "older-than, or everything: true");
    }
    return rule;
}

Result<Rule> kept_untagged_rule(Members const& members) {
    CHECK(members.only(
        {"untagged", "annotation", "artifact-type", "pushed-within", "pulled-within", "newest", "by"}));
    Rule rule{.selection = Selection::untagged};
    TRY(bool const untagged, members.flag("untagged"));
    if (!untagged) return expected_at(members.at("untagged"), "true");
    CHECK(read_content(members, rule));
    TRY(rule.pushed_within, members.duration("pushed-within"));
    TRY(rule.pulled_within, members.duration("pulled-within"));
    CHECK(read_count(members, rule));
    return rule;
}

Result<Rule> untagged_rule(Members const& members) {
    CHECK(members.only({"untagged-for", "annotation", "artifact-type"}));
    Rule rule{.selection = Selection::untagged};
    TRY(rule.older_than, members.duration("untagged-for"));
    CHECK(read_content(members, rule));
    return rule;
}

Result<Rule> orphaned_rule(Members const& members) {
    CHECK(members.only({"referrers", "older-than", "artifact-type"}));
    Rule rule{.selection = Selection::orphaned};
    TRY(auto const which, members.text("referrers"));
    if (which != "orphaned") return expected_at(members.at("referrers"), "orphaned");
    TRY(rule.older_than, members.duration("older-than"));
    CHECK(read_content(members, rule));
    return rule;
}

/// The host of a URL after its scheme, with its port; empty if there is a user before it, or none.
std::string_view authority_of(std::string_view rest) {
    auto const authority = rest.substr(0, rest.find_first_of("/?#"));
    return authority.find('@') == std::string_view::npos ? authority : std::string_view();
}

bool is_this_machine(std::string_view authority) {
    auto const host =
        authority.substr(0, authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':'));
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

Result<Rule> in_use_rule(Members const& members) {
    constexpr std::string_view file = "file:";
    constexpr std::string_view https = "https://";
    constexpr std::string_view http = "http://";
    CHECK(members.only({"in-use"}));
    TRY(auto const text, members.text("in-use"));
    Rule rule{.selection = Selection::in_use, .in_use = *text};
    if (text->starts_with("hook:")) {
        return refused_at(members.at("in-use"),
                          "a script with an images_in_use or retain hook needs no rule: name it in "
                          "ocilot.hooks.scripts");
    }
    if (text->starts_with(http) && !is_this_machine(authority_of(text->substr(http.size())))) {
        return refused_at(members.at("in-use"),
                          "plain HTTP does not protect the list from replacement; use https://");
    }
    if (text->starts_with(http)) return rule;
    if (text->starts_with(https) && !authority_of(text->substr(https.size())).empty()) return rule;
    if (!text->starts_with(file) || text->size() <= file.size() || (*text)[file.size()] != '/') {
        return expected_at(
            members.at("in-use"),
            "file: and an absolute path, such as file:/etc/ocilot/deployed.txt, or a URL such as "
            "https://inventory.example.com/deployed.txt");
    }
    rule.in_use = text->substr(file.size());
    return rule;
}

}  // namespace

Result<Rule> parse_rule(nlohmann::json const& value, Path at, Purpose purpose) {
    TRY(auto const members, Members::of(value, std::move(at), "a rule, such as {tags: v*, newest: 10}"));
    bool const keeps = purpose == Purpose::keep;
    if (members.has("in-use")) {
        if (keeps) return in_use_rule(members);
        return refused_at(members.at("in-use"), "what is in use can be kept only");
    }
    if (members.has("untagged-for")) {
        if (!keeps) return untagged_rule(members);
        return refused_at(members.at("untagged-for"),
                          "it is for delete rules; a keep rule selects untagged "
                          "manifests with untagged: true");
    }
    if (members.has("untagged")) {
        if (keeps) return kept_untagged_rule(members);
        return refused_at(members.at("untagged"), "it is for keep rules; use untagged-for here");
    }
    if (members.has("referrers")) {
        if (!keeps) return orphaned_rule(members);
        return refused_at(members.at("referrers"), "referrers stay as long as their subject");
    }
    return tag_rule(members, purpose);
}

}  // namespace ocilot::retention
