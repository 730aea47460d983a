#include "retention/evaluate.h"

#include "retention/removal.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::retention {

namespace {

/// So few deletions in a repository never make a plan wait.
constexpr std::size_t fuse_least = 20;

/// A rule that deletes until a size is reached, and what it selects.
struct SizedRule {
    RulePlace place;
    std::vector<Selected> selected;
};

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
        for (auto const policy : matching_) mark_deleted(policy);
        for (auto const policy : matching_) mark_candidates(policy);
        protect();
        keep_floor();
        keep_unread();
        for (auto const policy : matching_) mark_kept(policy);
        keep_in_use();
        keep_by_hooks();
        for (auto const index : view_.followers()) tags_[index] = {.reason = Reason::subject_exists};
        choose_by_size();
        return outcome();
    }

  private:
    using Verdicts = std::vector<Row>;

    Row& verdict_of(Selected const& one) { return one.is_tag ? tags_[one.index] : manifests_[one.index]; }
    [[nodiscard]] Rule const& rule_at(RulePlace place) const {
        return policies_[place.policy].remove[place.rule];
    }
    /// Decides what was not decided.
    void mark_deleted(Index policy) {
        if (!policies_[policy].is_due) return;
        auto const& rules = policies_[policy].remove;
        for (Index rule = 0; rule < rules.size(); ++rule) {
            if (rules[rule].until_size) continue;
            for (auto const& one : select(rules[rule], view_)) delete_undecided(one, {policy, rule});
        }
    }
    /// The same of rules that delete until a size is reached: which of these go is chosen when it is clear
    /// what stays.
    void mark_candidates(Index policy) {
        if (!policies_[policy].is_due) return;
        auto const& rules = policies_[policy].remove;
        for (Index rule = 0; rule < rules.size(); ++rule) {
            if (!rules[rule].until_size) continue;
            auto& candidates = sized_.emplace_back(SizedRule{{policy, rule}, select(rules[rule], view_)});
            for (auto const& one : candidates.selected) delete_undecided(one, {policy, rule});
        }
    }
    void delete_undecided(Selected const& one, RulePlace by) {
        auto& verdict = verdict_of(one);
        if (verdict.reason == Reason::no_rule) verdict = {.reason = Reason::delete_rule, .by = by};
    }
    /// A keep rule replaces what was decided.
    void mark_kept(Index policy) {
        auto const& rules = policies_[policy].keep;
        for (Index rule = 0; rule < rules.size(); ++rule) {
            for (auto const& one : select(rules[rule], view_)) {
                auto& verdict = verdict_of(one);
                if (verdict.reason == Reason::keep_rule) continue;
                verdict = {.reason = Reason::keep_rule, .by = {policy, rule}, .rank = one.rank};
            }
        }
    }
    /// Images whose labels could not be read stay: a keep rule may select them.
    void keep_unread() {
        if (!uses_labels(policies_, view_.repository().name)) return;
        for (auto const index : view_.images()) {
            bool const unread = !view_.manifest_of(view_.repository().tags[index]).labels;
            if (unread && tags_[index].is_deleted()) tags_[index] = {.reason = Reason::labels_unread};
        }
    }
    /// As if each policy had a keep rule for the lists that hooks answer.
    void keep_in_use() {
        if (matching_.empty()) return;
        for (auto const list : view_.repository().hook_lists()) {
            auto const script = list.substr(hook_list_prefix.size());
            for (auto const& one : select_in_use(list, view_)) {
                auto& verdict = verdict_of(one);
                bool const is_kept =
                    verdict.reason == Reason::keep_rule || verdict.reason == Reason::in_use_hook;
                if (!is_kept) verdict = {.reason = Reason::in_use_hook, .script = script};
            }
        }
    }
    void keep_by_hooks() {
        auto const& hooks = view_.repository().hooks;
        auto const& tags = view_.repository().tags;
        for (Index index = 0; index < tags.size() && !hooks.kept.empty(); ++index) {
            auto const kept = hooks.kept.find(tags[index].name);
            if (kept == hooks.kept.end() || tags_[index].reason == Reason::keep_rule) continue;
            tags_[index] = {.reason = Reason::hook, .script = kept->second};
        }
        if (hooks.failure.empty()) return;
        for (auto* const rows : {&tags_, &manifests_}) {
            for (auto& row : *rows) {
                if (row.is_deleted()) row = {.reason = Reason::hook_failed};
            }
        }
    }
    [[nodiscard]] bool is_candidate(Index tag) const {
        return tags_[tag].is_deleted() && rule_at(tags_[tag].by).until_size.has_value();
    }
    /// Each rule for itself takes the oldest of its candidates until what stays is small enough: the order of
    /// rules does not matter.
    void choose_by_size() {
        if (sized_.empty()) return;
        Removal others(view_.repository());
        for (auto const index : view_.untagged()) others.remove_manifest(index);
        for (Index index = 0; index < tags_.size(); ++index) {
            if (tags_[index].is_deleted() && !is_candidate(index)) others.remove_tag(index);
        }
        std::vector<RulePlace> chosen(tags_.size());
        for (auto const& [place, selected] : sized_) {
            Removal removal = others;
            for (auto one = selected.rbegin(); one != selected.rend(); ++one) {
                if (removal.bytes() <= *rule_at(place).until_size) break;
                if (!is_candidate(one->index)) continue;
                removal.remove_tag(one->index);
                if (chosen[one->index].rule == no_index) chosen[one->index] = place;
            }
        }
        for (Index index = 0; index < tags_.size(); ++index) {
            if (!is_candidate(index)) continue;
            if (chosen[index].rule == no_index) {
                tags_[index].reason = Reason::below_size;
            } else {
                tags_[index].by = chosen[index];
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
            auto const& one = policies_[policy];
            if (!one.remove.empty()) share = std::min(share, one.fuse.share.value_or(100));
        }
        out.fuse = out.deleted_tags > fuse_least && out.deleted_tags * 100 > out.tags * share;
        return out;
    }

    std::vector<Policy> const& policies_;
    View const& view_;
    std::vector<Index> matching_;
    std::vector<SizedRule> sized_;
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
    return row.reason == Reason::keep_rule ? &policy.keep[row.by.rule] : &policy.remove[row.by.rule];
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
        case Reason::hook:
        case Reason::in_use_hook:
            return "hook";
        case Reason::hook_failed:
            return "hook-failed";
        case Reason::labels_unread:
            return "labels-unread";
        case Reason::below_size:
            return "size";
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
        case Reason::hook:
            return fmt::format("kept by the hook retain of {}", row.script);
        case Reason::in_use_hook:
            return fmt::format("named by the hook images_in_use of {}", row.script);
        case Reason::hook_failed:
            return fmt::format("everything is kept, because {}", view.repository().hooks.failure);
        case Reason::labels_unread:
            return "kept, because the labels of the image cannot be read";
        case Reason::below_size:
            return fmt::format("{}: the size is reached without it", rule_text(*rule_of(policies, row)));
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
    if (!row.script.empty()) return std::string(row.script);
    if (row.by.policy == no_index) return {};
    auto const& name = policies[row.by.policy].name;
    if (row.by.rule == no_index) return name + ".protect";
    return fmt::format("{}.{}.{}", name, row.reason == Reason::keep_rule ? "keep" : "delete", row.by.rule);
}

}  // namespace ocilot::retention
