#include "retention/evaluate.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::retention {

namespace {

/// So few deletions in a repository never make a plan wait.
constexpr std::size_t fuse_least = 20;

/// One repository under evaluation.
class Evaluation {
  public:
    Evaluation(std::vector<Policy> const& policies, View const& view)
        : policies_(policies),
          view_(view),
          tags_(view.repository().tags.size()),
          manifests_(view.repository().manifests.size()) {
        for (Index policy = 0; policy < policies.size(); ++policy) {
            if (policies[policy].matches(view.repository().name)) matching_.push_back(policy);
        }
    }

    Outcome run() {
        for (auto const policy : matching_) {
            mark(policy, policies_[policy].remove, Reason::delete_rule);
        }
        protect();
        keep_floor();
        for (auto const policy : matching_) mark(policy, policies_[policy].keep, Reason::keep_rule);
        for (auto const index : view_.followers()) tags_[index] = {.reason = Reason::subject_exists};
        return outcome();
    }

  private:
    using Verdicts = std::vector<Row>;

    /// A keep rule replaces what was decided, a delete rule decides what was not.
    void mark(Index policy, std::vector<Rule> const& rules, Reason reason) {
        for (Index rule = 0; rule < rules.size(); ++rule) {
            for (auto const& one : select(rules[rule], view_)) {
                auto& verdict = one.is_tag ? tags_[one.index] : manifests_[one.index];
                bool const decided = reason == Reason::keep_rule ? verdict.reason == Reason::keep_rule
                                                                 : verdict.reason != Reason::no_rule;
                if (!decided) verdict = {.reason = reason, .by = {policy, rule}, .rank = one.rank};
            }
        }
    }
    void protect() {
        for (auto const index : view_.images()) {
            auto& verdict = tags_[index];
            if (!verdict.is_deleted()) continue;
            auto const& name = view_.repository().tags[index].name;
            auto const names_it = [&](Index policy) { return any_matches(policies_[policy].protect, name); };
            auto const by = std::ranges::find_if(matching_, names_it);
            if (by != matching_.end()) verdict = {.reason = Reason::protected_tag, .by = {*by, no_index}};
        }
    }
    void keep_floor() {
        std::size_t floor = 0;
        for (auto const policy : matching_) {
            if (!policies_[policy].remove.empty()) floor = std::max(floor, policies_[policy].floor);
        }
        auto newest = view_.images();
        auto const& tags = view_.repository().tags;
        auto const end = newest.begin() + static_cast<std::ptrdiff_t>(std::min(floor, newest.size()));
        std::ranges::partial_sort(newest, end, [&](Index one, Index other) {
            if (tags[one].pushed_at != tags[other].pushed_at)
                return tags[one].pushed_at > tags[other].pushed_at;
            return tags[one].name > tags[other].name;
        });
        std::uint32_t rank = 0;
        for (auto at = newest.begin(); at != end; ++at) {
            auto& verdict = tags_[*at];
            ++rank;
            if (verdict.is_deleted()) verdict = {.reason = Reason::floor, .rank = rank};
        }
    }
    Outcome outcome() {
        Outcome out{.tags = tags_.size()};
        out.rows.reserve(tags_.size() + view_.untagged().size());
        for (Index index = 0; index < tags_.size(); ++index) {
            auto& row = out.rows.emplace_back(tags_[index]);
            row.index = index;
            if (row.is_deleted()) ++out.deleted_tags;
        }
        for (auto const index : view_.untagged()) {
            auto& row = out.rows.emplace_back(manifests_[index]);
            row.index = index;
            row.is_tag = false;
            if (row.is_deleted()) ++out.deleted_manifests;
        }
        unsigned share = 100;
        for (auto const policy : matching_) {
            if (!policies_[policy].remove.empty()) share = std::min(share, policies_[policy].fuse);
        }
        out.fuse = out.deleted_tags > fuse_least && out.deleted_tags * 100 > out.tags * share;
        return out;
    }

    std::vector<Policy> const& policies_;
    View const& view_;
    std::vector<Index> matching_;
    Verdicts tags_;
    Verdicts manifests_;
};

/// `40d`, `3h`: whole units.
std::string age_text(View const& view, Time since) {
    using std::chrono::seconds;
    auto const age = std::max(std::chrono::floor<seconds>(view.now() - since), seconds(0));
    if (age >= std::chrono::days(2)) return duration_text(std::chrono::floor<std::chrono::days>(age));
    if (age >= std::chrono::hours(1)) return duration_text(std::chrono::floor<std::chrono::hours>(age));
    if (age >= std::chrono::minutes(1)) return duration_text(std::chrono::floor<std::chrono::minutes>(age));
    return duration_text(age);
}

Rule const* rule_of(std::vector<Policy> const& policies, Row const& row) {
    if (row.by.rule == no_index) return nullptr;
    auto const& policy = policies[row.by.policy];
    return row.is_deleted() ? &policy.remove[row.by.rule] : &policy.keep[row.by.rule];
}

/// When the tag was pulled, as far as that is known.
std::string pulled_text(View const& view, TagEntry const& tag) {
    auto const pulled_at = view.pulled_at(tag);
    if (view.last_pull(tag) == pulled_at) return fmt::format("pulled {} ago", age_text(view, pulled_at));
    if (tag.pushed_at == pulled_at) {
        return fmt::format("not pulled since it was pushed {} ago", age_text(view, pulled_at));
    }
    auto const since = view.repository().pulls_counted_since;
    if (!since) return "pulls are not counted";
    return fmt::format("not pulled since counting began {} ago", age_text(view, *since));
}

/// When the age began that the rule compared.
std::string compared_text(View const& view, Rule const& rule, Row const& row) {
    auto const& repository = view.repository();
    bool const by_pull = rule.pulled_within || (rule.newest && rule.by == Order::pull);
    if (row.is_tag && by_pull) return pulled_text(view, repository.tags[row.index]);
    if (row.is_tag) return fmt::format("pushed {} ago", age_text(view, repository.tags[row.index].pushed_at));
    auto const& manifest = repository.manifests[row.index];
    if (manifest.released_at) return fmt::format("untagged {} ago", age_text(view, *manifest.released_at));
    return fmt::format("pushed {} ago", age_text(view, manifest.pushed_at));
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
    switch (reason) {
        case Reason::no_rule:
            return "no-rule";
        case Reason::keep_rule:
            return "keep-rule";
        case Reason::protected_tag:
            return "protected";
        case Reason::floor:
            return "floor";
        case Reason::subject_exists:
            return "subject";
        case Reason::delete_rule:
            return "delete-rule";
    }
    return "no-rule";
}

Outcome evaluate(std::vector<Policy> const& policies, View const& view) {
    return Evaluation(policies, view).run();
}

std::string reason_text(std::vector<Policy> const& policies, View const& view, Row const& row) {
    switch (row.reason) {
        case Reason::no_rule:
            return "no delete rule selects it";
        case Reason::protected_tag:
            return fmt::format("protected by policy {}", policies[row.by.policy].name);
        case Reason::floor:
            return fmt::format("floor: number {} of the newest tags", row.rank);
        case Reason::subject_exists:
            return "stays with its subject";
        case Reason::keep_rule:
        case Reason::delete_rule:
            break;
    }
    auto const* const rule = rule_of(policies, row);
    if (row.rank > 0)
        return fmt::format("{}: number {}, {}", rule_text(*rule), row.rank, compared_text(view, *rule, row));
    return fmt::format("{}: {}", rule_text(*rule), compared_text(view, *rule, row));
}

std::string place_text(std::vector<Policy> const& policies, Row const& row) {
    if (row.by.policy == no_index) return {};
    auto const& name = policies[row.by.policy].name;
    if (row.by.rule == no_index) return name + ".protect";
    return fmt::format("{}.{}.{}", name, row.is_deleted() ? "delete" : "keep", row.by.rule);
}

}  // namespace ocilot::retention
