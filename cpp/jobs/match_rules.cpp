#include "jobs/match_rules.h"

#include "jobs/retention_schedule.h"
#include "retention/select.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

constexpr std::size_t names_of_a_page = 100;

/// The rule without what changes as time passes.
retention::Rule timeless(retention::Rule rule) {
    rule.older_than.reset();
    rule.pushed_within.reset();
    rule.pulled_within.reset();
    rule.newest.reset();
    rule.until_size.reset();
    return rule;
}

std::vector<RuleMatch> unmatched(std::string const& prefix, std::vector<retention::Rule> const& rules) {
    std::vector<RuleMatch> all;
    for (auto const& rule : rules) {
        RuleMatch match{.rule = fmt::format("{}.{}", prefix, all.size()), .text = retention::rule_text(rule)};
        if (rule.selection == retention::Selection::tags) match.candidates = 0;
        all.push_back(std::move(match));
    }
    return all;
}

std::uint64_t unread_in(retention::View const& view) {
    auto const unread = [&](retention::Index index) {
        return !view.manifest_of(view.repository().tags[index]).labels;
    };
    return static_cast<std::uint64_t>(std::ranges::count_if(view.images(), unread));
}

void count_matches(std::vector<retention::Rule> const& rules, retention::View const& view,
                   std::vector<RuleMatch>& matches) {
    for (std::size_t number = 0; number < rules.size(); ++number) {
        auto& match = matches[number];
        match.selected += retention::select(rules[number], view).size();
        match.named += retention::select(timeless(rules[number]), view).size();
        if (match.candidates) *match.candidates += view.images().size();
    }
}

class RuleMatcher {
  public:
    RuleMatcher(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs, Round const& round)
        : parts_(parts),
          rules_(rules),
          inputs_(parts, rules, configs, retention_time(parts.registry), round) {
        for (auto const& policy : rules.policies) {
            found_.push_back({.name = policy.name,
                              .keep = unmatched(policy.name + ".keep", policy.keep),
                              .remove = unmatched(policy.name + ".delete", policy.remove)});
        }
    }

    Task<Result<std::vector<PolicyMatch>>> run() {
        CO_CHECK(co_await inputs_.begin(InUseSource::lists));
        meta::Page page{{}, names_of_a_page};
        for (bool more = true; more;) {
            CO_TRY(auto const names, co_await parts_.registry.meta.catalog().repositories(page));
            for (auto const& name : names.items) {
                CO_CHECK(co_await add(name));
            }
            more = names.more;
            if (more) page.after = names.items.back();
        }
        co_return std::move(found_);
    }

  private:
    Task<Result<>> add(std::string const& text) {
        CO_TRY(auto const name, oci::RepositoryName::parse(text));
        if (!rules_.matches(name)) co_return Result<>();
        CO_TRY(auto const repository, co_await inputs_.read_content(name));
        auto const work = [&]() -> Result<> {
            count(repository);
            return {};
        };
        co_return co_await parts_.evaluate(work);
    }
    void count(retention::Repository const& repository) {
        retention::View const view(repository, inputs_.at());
        for (std::size_t number = 0; number < found_.size(); ++number) {
            auto const& policy = rules_.policies[number];
            if (!policy.matches(repository.name)) continue;
            auto& found = found_[number];
            ++found.repositories;
            found.tags += repository.tags.size();
            if (policy.uses_labels()) found.labels_unread += unread_in(view);
            count_matches(policy.keep, view, found.keep);
            count_matches(policy.remove, view, found.remove);
        }
    }

    RetentionParts parts_;
    RetentionRules const& rules_;
    RuleInputs inputs_;
    std::vector<PolicyMatch> found_;
};

}  // namespace

Task<Result<std::vector<PolicyMatch>>> match_rules(RetentionParts parts, RetentionRules const& rules,
                                                   ImageConfigs& configs, Round const& round) {
    RuleMatcher matcher(parts, rules, configs, round);
    co_return co_await matcher.run();
}

}  // namespace ocilot::jobs
