#include "retention/fuse.h"

#include "base/counted.h"
#include "retention/evaluate.h"
#include "retention/members.h"
#include "retention/policy.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace ocilot::retention {

namespace {

constexpr std::size_t named_repositories = 3;
constexpr std::string_view share_expected = "a share of the tags of a repository, such as 25%";
constexpr std::string_view fuse_expected =
    "a share of the tags of a repository such as 25%, a number of tags in a plan such as 500, or both as "
    "{share: 25%, tags: 500}";

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, number);
    if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
    return number;
}

std::optional<unsigned> share_of(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    auto const number = number_of(text.substr(0, text.size() - 1));
    return number && *number <= 100 ? number : std::nullopt;
}

Result<Fuse> read_both(Members const& fuse) {
    CHECK(fuse.only({"share", "tags"}));
    TRY(auto const text, fuse.text("share"));
    TRY(auto const tags, fuse.number("tags", 0));
    if (!text && !tags) return expected_at(fuse.path(), fuse_expected);
    Fuse found{.share = {}, .tags = tags};
    if (!text) return found;
    found.share = share_of(*text);
    if (!found.share) return expected_at(fuse.at("share"), share_expected);
    return found;
}

}  // namespace

Result<Fuse> parse_fuse(Members const& policy) {
    auto const* const value = policy.find("fuse");
    if (value == nullptr) return Fuse{};
    if (value->is_object()) {
        TRY(auto const both, Members::of(*value, policy.at("fuse"), fuse_expected));
        return read_both(both);
    }
    auto const text = policy.text("fuse");
    if (text.has_error()) return expected_at(policy.at("fuse"), fuse_expected);
    if (auto const share = share_of(**text)) return Fuse{.share = share};
    auto const tags = number_of(**text);
    if (!tags) return expected_at(policy.at("fuse"), fuse_expected);
    return Fuse{.share = {}, .tags = *tags};
}

FuseCounter::FuseCounter(std::vector<Policy> const& policies)
    : policies_(&policies), deleted_(policies.size()) {}

void FuseCounter::add(Repository const& repository, Outcome const& outcome) {
    if (outcome.fuse) by_share_.push_back(repository.name.str());
    if (outcome.deleted_tags == 0) return;
    for (std::size_t at = 0; at < policies_->size(); ++at) {
        auto const& policy = (*policies_)[at];
        bool const counts = policy.fuse.tags && !policy.remove.empty();
        if (counts && policy.matches(repository.name)) deleted_[at] += outcome.deleted_tags;
    }
}

std::vector<std::string> FuseCounter::reasons() const {
    std::vector<std::string> found;
    if (!by_share_.empty()) {
        auto const some = std::min(by_share_.size(), named_repositories);
        std::vector<std::string_view> const named(by_share_.begin(),
                                                  by_share_.begin() + static_cast<std::ptrdiff_t>(some));
        found.push_back(fmt::format("it deletes a larger share of the tags than the fuse allows in {}{}",
                                    fmt::join(named, ", "), by_share_.size() > some ? ", ..." : ""));
    }
    for (std::size_t at = 0; at < policies_->size(); ++at) {
        auto const& policy = (*policies_)[at];
        if (!policy.fuse.tags || deleted_[at] <= *policy.fuse.tags) continue;
        found.push_back(fmt::format("it deletes {}, and the fuse of {} allows {}",
                                    counted(deleted_[at], "tag", "tags"), policy.name, *policy.fuse.tags));
    }
    return found;
}

}  // namespace ocilot::retention
