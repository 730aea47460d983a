#pragma once

#include "contract/meta_store_fixture.h"
#include "meta/change_text.h"

#include <string>
#include <utility>
#include <vector>

namespace ocilot::test {

inline meta::AccountFact an_account(std::string name) {
    return {.name = std::move(name), .password_hash = "$2b$hash", .created_at = at(1)};
}

inline meta::TokenFact a_token(std::string id, std::string account, int created = 1) {
    return {.id = std::move(id),
            .account = std::move(account),
            .secret_hash = "0123",
            .scopes = {},
            .created_at = at(created)};
}

/// A store with what belongs to accounts at hand.
class CredentialsContract : public MetaStoreContract {
  protected:
    meta::Accounts& accounts() { return store->accounts(); }
    meta::Tokens& tokens() { return store->tokens(); }
    meta::Keys& keys() { return store->keys(); }
    Result<> add(meta::AccountFact account) { return run(accounts().add(std::move(account), ann)); }
    Result<> add_token(meta::TokenFact token) { return run(tokens().add(std::move(token), ann)); }
    std::vector<std::string> token_ids(std::string const& account, bool refresh = false) {
        std::vector<std::string> ids;
        auto const page = run(tokens().tokens({.account = account, .refresh = refresh})).value();
        for (auto const& token : page.items) ids.push_back(token.id);
        return ids;
    }
    /// Action, subject and detail of what was noted, oldest first.
    std::vector<std::string> noted() {
        std::vector<std::string> found;
        auto const page = run(store->journal().after(0, 1000)).value();
        for (auto const& change : page.items) {
            found.push_back(std::string(to_string(change.kind)) + "|" + std::string(subject_of(change)) +
                            "|" + detail_of(change));
        }
        return found;
    }
};

}  // namespace ocilot::test
