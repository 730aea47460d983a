#include "retention/parse_rule.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::retention {

namespace {

constexpr std::string_view annotation_prefix = "annotation:";

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
        rule.per_annotation = text->substr(annotation_prefix.size());
    } else if (text->starts_with("label:")) {
        return refused_at(members.at("per"),
                          "labels are in the configuration of an image, which retention does not read; "
                          "use annotation:KEY");
    } else {
        return expected_at(members.at("per"),
                           "pattern (with tags), minor or major (with semver) or annotation:KEY");
    }
    return {};
}

Result<> read_count(Members const& members, Rule& rule) {
    TRY(rule.newest, members.number("newest", 1));
    for (auto const* const name : {"by", "count", "per"}) {
        if (!rule.newest && members.has(name)) {
            return refused_at(members.at(name), "it has no effect without newest: N; add it or remove this");
        }
    }
    TRY(rule.by, order_of(members, rule.semver));
    TRY(auto const count, members.text("count"));
    if (count && *count != "tags" && *count != "images") {
        return expected_at(members.at("count"), "tags or images");
    }
    rule.count_images = count == "images";
    return read_group(members, rule);
}

Result<> read_content(Members const& members, Rule& rule) {
    TRY(rule.artifact_types, members.patterns("artifact-type"));
    if (members.has("label")) {
        return refused_at(members.at("label"),
                          "labels are in the configuration of an image, which retention does not read; "
                          "use annotation");
    }
    auto const* const annotations = members.find("annotation");
    if (annotations == nullptr) return {};
    TRY(auto const each, Members::of(*annotations, members.at("annotation"),
                                     "a section of annotation keys, each with a pattern of its value"));
    for (auto const& [key, value] : annotations->items()) {
        TRY(auto patterns, each.patterns(key));
        if (patterns.size() != 1) return expected_at(each.at(key), "one pattern");
        rule.annotations.emplace_back(key, std::move(patterns.front()));
    }
    return {};
}

Result<> read_tags(Members const& members, Rule& rule) {
    TRY(rule.tags, members.tag_patterns("tags"));
    TRY(rule.except, members.tag_patterns("except"));
    TRY(rule.unless_also, members.tag_patterns("unless-also"));
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
           rule.artifact_types.empty() && rule.unless_also.empty() && !rule.older_than &&
           !rule.pushed_within && !rule.pulled_within && !rule.newest;
}

Result<Rule> tag_rule(Members const& members, Purpose purpose) {
    CHECK(members.only({"tags", "except", "semver", "prereleases", "annotation", "artifact-type",
                        "unless-also", "older-than", "pushed-within", "pulled-within", "newest", "by",
                        "count", "per", "everything", "label"}));
    if (!members.has("tags") && !members.has("semver") && !members.has("annotation")) {
        return expected_at(members.path(),
                           "a rule with tags, semver, annotation, untagged-for, referrers or in-use");
    }
    Rule rule;
    CHECK(read_tags(members, rule));
    TRY(bool const everything, members.flag("everything"));
    if (purpose == Purpose::keep) {
        if (!rule.unless_also.empty()) {
            return refused_at(members.at("unless-also"), "it spares tags from delete rules; use except here");
        }
        if (everything) return refused_at(members.at("everything"), "it is for delete rules");
        return rule;
    }
    if (rule.newest) {
        return refused_at(
            members.at("newest"),
            "a delete rule has no count; put newest: N into a keep rule, which wins over this one");
    }
    if (rule.pulled_within) {
        return refused_at(members.at("pulled-within"),
                          "it would delete what is in use; put it into a keep rule, which wins over this one");
    }
    if (selects_every_tag(rule) && !everything) {
        return refused_at(members.path(),
                          "it deletes every tag that no keep rule selects; add a condition such as "
                          "older-than, or everything: true");
    }
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

Result<Rule> in_use_rule(Members const& members) {
    constexpr std::string_view file = "file:";
    CHECK(members.only({"in-use"}));
    TRY(auto const list, members.text("in-use"));
    if (list->starts_with("https://") || list->starts_with("http://") || list->starts_with("hook:")) {
        return refused_at(members.at("in-use"),
                          "only files are read: fetch the list with a timer, and use file:/PATH");
    }
    if (!list->starts_with(file) || list->size() <= file.size() || (*list)[file.size()] != '/') {
        return expected_at(members.at("in-use"),
                           "file: and an absolute path, such as "
                           "file:/etc/ocilot/deployed.txt");
    }
    return Rule{.selection = Selection::in_use, .in_use = list->substr(file.size())};
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
                          "untagged manifests are removed by the garbage collection after ocilot.gc.grace; "
                          "a keep rule cannot hold them");
    }
    if (members.has("referrers")) {
        if (!keeps) return orphaned_rule(members);
        return refused_at(members.at("referrers"), "referrers stay as long as their subject");
    }
    return tag_rule(members, purpose);
}

}  // namespace ocilot::retention
