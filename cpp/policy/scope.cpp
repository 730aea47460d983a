#include "policy/scope.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace ocilot::policy {

namespace {

using Right = Rights::Right;

struct Word {
    std::string_view text;
    Right right;
};
constexpr std::array words{Word{"pull", Right::pull}, Word{"push", Right::push},
                           Word{"create", Right::create}, Word{"delete", Right::remove},
                           Word{"admin", Right::admin}};

constexpr unsigned bits(std::initializer_list<Right> rights) {
    unsigned all = 0;
    for (auto const right : rights) all |= static_cast<unsigned>(right);
    return all;
}

/// Any of these rights is enough for the action.
constexpr unsigned enough_for(Action action) {
    switch (action) {
        case Action::pull:
            return bits({Right::pull, Right::admin});
        case Action::create:
            return bits({Right::push, Right::create, Right::admin});
        case Action::push:
            return bits({Right::push, Right::admin});
        case Action::remove:
            return bits({Right::remove, Right::admin});
        case Action::admin:
            break;
    }
    return bits({Right::admin});
}

/// What comes before the name of the repository.
struct Phrase {
    std::string_view infinitive;
    std::string_view gerund;
};

constexpr Phrase phrase_of(Action action) {
    switch (action) {
        case Action::pull:
            break;
        case Action::create:
            return {"push to", "pushing to"};
        case Action::push:
            return {"move tags in", "moving tags in"};
        case Action::remove:
            return {"delete from", "deleting from"};
        case Action::admin:
            return {"administer", "administering"};
    }
    return {"pull from", "pulling from"};
}

/// Without a repository only administration needs a right; all else is the use of the registry.
Phrase phrase_of(Access const& access) {
    bool const is_use = !access.repository && access.action != Action::admin;
    return is_use ? Phrase{"use", "using"} : phrase_of(access.action);
}

std::string with_object(std::string_view verb, Access const& access) {
    return fmt::format("{} {}", verb, access.repository ? access.repository->str() : "this registry");
}

}  // namespace

std::string infinitive_of(Access const& access) {
    return with_object(phrase_of(access).infinitive, access);
}

std::string gerund_of(Access const& access) {
    return with_object(phrase_of(access).gerund, access);
}

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::pull:
            return "pull";
        case Action::create:
            return "create";
        case Action::push:
            return "push";
        case Action::remove:
            return "delete";
        case Action::admin:
            return "admin";
    }
    return "pull";
}

std::optional<Right> Rights::parse(std::string_view word) noexcept {
    for (auto const& known : words) {
        if (known.text == word) return known.right;
    }
    return std::nullopt;
}

bool Rights::allow(Action action) const noexcept {
    return (bits_ & enough_for(action)) != 0;
}

std::string Rights::str() const {
    std::string out;
    for (auto const& word : words) {
        if ((bits_ & static_cast<unsigned>(word.right)) == 0) continue;
        if (!out.empty()) out += ',';
        out += word.text;
    }
    return out;
}

void CredentialScope::add(std::string repository, Rights rights) {
    exact_.push_back({std::move(repository), rights});
}

void CredentialScope::add(oci::RepositoryPattern repositories, Rights rights) {
    patterns_.push_back({std::move(repositories), rights});
}

bool CredentialScope::covers(Access const& access) const {
    if (!access.repository) return access.action != Action::admin;
    auto const& repository = *access.repository;
    return std::ranges::any_of(exact_,
                               [&](auto const& one) {
                                   return one.rights.allow(access.action) &&
                                          one.repository == repository.str();
                               }) ||
           std::ranges::any_of(patterns_, [&](auto const& one) {
               return one.rights.allow(access.action) && one.repositories.matches(repository);
           });
}

}  // namespace ocilot::policy
