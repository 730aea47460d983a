#include "policy/group_members.h"

#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::policy {

namespace {

bool any_fits(std::vector<Subject> const& members, Caller const& caller) {
    return std::ranges::any_of(members, [&](Subject const& member) { return member.fits(caller); });
}

}  // namespace

Result<GroupMembers> GroupMembers::compile(Groups const& groups) {
    GroupMembers made;
    for (auto const& [group, members] : groups) {
        auto& subjects = made.groups_[group];
        for (auto const& member : members) {
            if (member.find(':') == member.npos) {
                subjects.push_back(Subject::account(member));
                continue;
            }
            auto found = Subject::parse(member);
            if (found.has_error() || found->kind() == Subject::Kind::group) {
                return Error{Errc::config,
                             fmt::format("invalid member {} of group {}: expected NAME, user:NAME, "
                                         "robot:NAME, federated:PATTERN or certificate:PATTERN",
                                         quote(member), group)};
            }
            subjects.push_back(std::move(*found));
        }
    }
    return made;
}

bool GroupMembers::is_member(std::string const& group, Caller const& caller) const {
    if (std::ranges::find(caller.groups, group) != caller.groups.end()) return true;
    auto const found = groups_.find(group);
    return found != groups_.end() && any_fits(found->second, caller);
}

bool GroupMembers::fits(Subject const& subject, Caller const& caller) const {
    if (subject.kind() != Subject::Kind::group) return subject.fits(caller);
    return !caller.anonymous() && is_member(subject.name(), caller);
}

std::vector<std::string> GroupMembers::groups_of(Caller const& caller) const {
    std::vector<std::string> found;
    for (auto const& [group, members] : groups_) {
        if (!caller.anonymous() && any_fits(members, caller)) found.push_back(group);
    }
    return found;
}

}  // namespace ocilot::policy
