#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

meta::AccountFact an_account(std::string name) {
    return {.name = std::move(name), .password_hash = "$2b$hash", .created_at = at(1)};
}

meta::TokenFact a_token(std::string id, std::string account, int created = 1) {
    return {.id = std::move(id),
            .account = std::move(account),
            .secret_hash = "0123",
            .scopes = {},
            .created_at = at(created)};
}

class AccountsContract : public MetaStoreContract {
  protected:
    meta::Accounts& accounts() { return store->accounts(); }
    Result<> add(meta::AccountFact account) { return run(accounts().add(std::move(account), ann)); }
    Result<> add_token(meta::TokenFact token) { return run(accounts().add_token(std::move(token), ann)); }
    std::vector<std::string> token_ids(std::string const& account, bool refresh = false) {
        std::vector<std::string> ids;
        auto const page = run(accounts().tokens({.account = account, .refresh = refresh})).value();
        for (auto const& token : page.items) ids.push_back(token.id);
        return ids;
    }
    /// Action, subject and detail of what was noted, oldest first.
    std::vector<std::string> noted() {
        std::vector<std::string> found;
        for (auto const& entry : run(store->journal().entries({})).value()) {
            found.insert(found.begin(), entry.action + "|" + entry.subject + "|" + entry.detail);
        }
        return found;
    }
};

}  // namespace

OCILOT_META_KINDS(AccountsContract);

TEST_P(AccountsContract, AnAccountIsKeptAsItWasGiven) {
    auto account = an_account("ci.bot+x@example.org");
    account.robot = account.admin = account.disabled = true;
    account.groups = {"team", "with \"quotes\"", "ümlaut"};
    ASSERT_TRUE(add(account).has_value());
    auto const found = run(accounts().account(account.name)).value();
    EXPECT_EQ(found.name, account.name);
    EXPECT_EQ(found.password_hash, account.password_hash);
    EXPECT_EQ(found.groups, account.groups);
    EXPECT_TRUE(found.robot && found.admin && found.disabled);
    EXPECT_EQ(found.created_at, at(1));
}

TEST_P(AccountsContract, ANameIsTakenOnce) {
    ASSERT_TRUE(add(an_account("alice")).has_value());
    auto again = an_account("alice");
    again.admin = true;
    EXPECT_EQ(add(again).error().code, Errc::conflict);
    EXPECT_FALSE(run(accounts().account("alice")).value().admin);
    EXPECT_TRUE(add(an_account("Alice")).has_value()) << "names differ by case";
}

TEST_P(AccountsContract, AccountsAreListedByNameInPages) {
    for (auto const* name : {"c", "a", "b"}) ASSERT_TRUE(add(an_account(name)).has_value());
    auto const first = run(accounts().accounts({{}, 2})).value();
    ASSERT_EQ(first.items.size(), 2U);
    EXPECT_EQ(first.items[0].name + first.items[1].name, "ab");
    EXPECT_TRUE(first.more);
    auto const rest = run(accounts().accounts({"b", 2})).value();
    ASSERT_EQ(rest.items.size(), 1U);
    EXPECT_FALSE(rest.more);
}

TEST_P(AccountsContract, AChangeKeepsWhatItDoesNotName) {
    ASSERT_TRUE(add(an_account("alice")).has_value());
    std::vector const ops{std::string("ops")};
    auto const answered =
        run(accounts().change("alice", {.groups = ops, .disabled = true}, bob, at(2))).value();
    EXPECT_EQ(answered.groups, ops);
    ASSERT_TRUE(run(accounts().change("alice", {.admin = true}, bob, at(3))).has_value());
    auto const found = run(accounts().account("alice")).value();
    EXPECT_EQ(found.created_at, at(1));
    EXPECT_EQ(found.password_hash, "$2b$hash");
    EXPECT_EQ(found.groups, ops);
    EXPECT_TRUE(found.disabled);
    EXPECT_TRUE(found.admin);
}

TEST_P(AccountsContract, WhatIsUnknownIsNotFound) {
    EXPECT_EQ(run(accounts().account("x")).error().code, Errc::not_found);
    EXPECT_EQ(run(accounts().change("x", {}, ann, at(1))).error().code, Errc::not_found);
    EXPECT_EQ(run(accounts().remove("x", ann, at(1))).error().code, Errc::not_found);
    EXPECT_EQ(run(accounts().token("x")).error().code, Errc::not_found);
    EXPECT_EQ(run(accounts().remove_token("x", ann, at(1))).error().code, Errc::not_found);
    EXPECT_EQ(add_token(a_token("1", "x")).error().code, Errc::not_found);
    EXPECT_TRUE(run(accounts().note_use({{"x", at(1)}})).has_value())
        << "tokens that are gone are passed over";
    EXPECT_THAT(noted(), IsEmpty());
}

TEST_P(AccountsContract, AnAccountTakesItsTokensWithIt) {
    ASSERT_TRUE(add(an_account("alice")).has_value());
    ASSERT_TRUE(add(an_account("bob")).has_value());
    ASSERT_TRUE(add_token(a_token("1", "alice")).has_value());
    ASSERT_TRUE(add_token(a_token("2", "bob")).has_value());
    ASSERT_TRUE(run(accounts().remove("alice", ann, at(2))).has_value());
    EXPECT_THAT(token_ids(""), ElementsAre("2"));
    ASSERT_TRUE(add(an_account("alice")).has_value());
    EXPECT_THAT(token_ids("alice"), IsEmpty());
}

TEST_P(AccountsContract, ATokenIsKeptAsItWasGiven) {
    ASSERT_TRUE(add(an_account("ci")).has_value());
    auto token = a_token("00ff", "ci");
    token.note = "the runner in the cellar";
    token.scopes = {"repository:team/**:pull,push", "repository:x:pull"};
    ASSERT_TRUE(add_token(token).has_value());
    auto const fresh = run(accounts().token("00ff")).value();
    EXPECT_EQ(fresh.account, "ci");
    EXPECT_EQ(fresh.secret_hash, token.secret_hash);
    EXPECT_EQ(fresh.note, token.note);
    EXPECT_EQ(fresh.scopes, token.scopes);
    EXPECT_FALSE(fresh.refresh);
    EXPECT_EQ(fresh.created_at, at(1));
    EXPECT_EQ(fresh.expires_at, std::nullopt);
    EXPECT_EQ(fresh.last_used_at, std::nullopt);
    EXPECT_EQ(add_token(token).error().code, Errc::conflict);
    ASSERT_TRUE(run(accounts().note_use({{"gone", at(5)}, {"00ff", at(6)}})).has_value());
    EXPECT_EQ(run(accounts().token("00ff")).value().last_used_at, at(6));
}

TEST_P(AccountsContract, TokensAreListedOldestFirstAndRefreshTokensOnlyIfAskedFor) {
    for (auto const* name : {"a", "b"}) ASSERT_TRUE(add(an_account(name)).has_value());
    auto login = a_token("2", "a", 2);
    login.refresh = true;
    login.expires_at = at(100);
    ASSERT_TRUE(add_token(login).has_value());
    ASSERT_TRUE(add_token(a_token("3", "a", 3)).has_value());
    ASSERT_TRUE(add_token(a_token("9", "a", 1)).has_value());
    ASSERT_TRUE(add_token(a_token("4", "b", 2)).has_value());
    EXPECT_THAT(token_ids("a"), ElementsAre("9", "3"));
    EXPECT_THAT(token_ids("a", true), ElementsAre("9", "2", "3"));
    EXPECT_THAT(token_ids(""), ElementsAre("9", "4", "3"));
    EXPECT_THAT(token_ids("", true), ElementsAre("9", "2", "4", "3"));
    EXPECT_EQ(run(accounts().token("2")).value().expires_at, at(100));
    ASSERT_TRUE(run(accounts().remove_token("3", ann, at(5))).has_value());
    EXPECT_THAT(token_ids("a"), ElementsAre("9"));
}

TEST_P(AccountsContract, RefreshTokensNeedNoAccountAndExpiredOnesMakeRoom) {
    auto refresh = [&](std::string id, int created, int expires) {
        auto token = a_token(std::move(id), "of htpasswd", created);
        token.refresh = true;
        token.expires_at = at(expires);
        return add_token(token);
    };
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(refresh(std::to_string(i), i, 10 + i).has_value());
    ASSERT_TRUE(refresh("young", 12, 99).has_value());
    EXPECT_THAT(token_ids("", true), ElementsAre("2", "young"));
    ASSERT_TRUE(run(accounts().remove_token("2", ann, at(13))).has_value());
    auto const entries = noted();
    ASSERT_EQ(entries.size(), 5U) << "a refresh token is as good as a password for a month";
    EXPECT_EQ(entries[3], "token.add|young|refresh, of of htpasswd");
    EXPECT_EQ(entries[4], "token.remove|2|refresh, of of htpasswd");
}

TEST_P(AccountsContract, TokensComeInPagesEvenIfTheLastOneIsGone) {
    ASSERT_TRUE(add(an_account("ci")).has_value());
    for (int i = 0; i < 6; ++i) {
        auto token = a_token(std::to_string(9 - i), "ci", i / 2);
        token.refresh = i % 3 == 2;
        token.expires_at = at(100);
        ASSERT_TRUE(add_token(token).has_value());
    }
    for (std::string const account : {"", "ci"}) {
        meta::TokenQuery query{.account = account, .refresh = true, .limit = 2};
        std::vector<std::string> seen;
        for (bool more = true; more;) {
            auto const page = run(accounts().tokens(query)).value();
            ASSERT_LE(page.items.size(), 2U);
            for (auto const& token : page.items) seen.push_back(token.id);
            more = page.more;
            query.after = {page.items.back().created_at, page.items.back().id};
            if (account.empty()) (void)run(accounts().remove_token("9", ann, at(9)));
        }
        EXPECT_EQ(seen, account.empty() ? (std::vector<std::string>{"8", "9", "6", "7", "4", "5"})
                                        : (std::vector<std::string>{"8", "6", "7", "4", "5"}));
    }
    EXPECT_TRUE(run(accounts().tokens({.account = "ci", .limit = 0})).value().items.empty());
}

TEST_P(AccountsContract, LoginsWithoutEndKeepAsManyRefreshTokensAsThereMayBe) {
    ASSERT_TRUE(add(an_account("alice")).has_value());
    ASSERT_TRUE(add_token(a_token("secret", "alice")).has_value());
    auto const version = accounts().version();
    for (int i = 0; i < 60; ++i) {
        auto login = a_token(std::to_string(100 + i), "alice", i);
        login.refresh = true;
        login.expires_at = at(1000);
        ASSERT_TRUE(add_token(login).has_value());
    }
    auto const left = token_ids("alice", true);
    EXPECT_EQ(left.size(), meta::most_refresh_tokens + 1) << "and the secret, which is no login's";
    EXPECT_EQ(run(accounts().token("109")).error().code, Errc::not_found);
    EXPECT_TRUE(run(accounts().token("110")).has_value());
    EXPECT_EQ(accounts().version(), version) << "nobody else has to log in again";
}

TEST_P(AccountsContract, AnotherPasswordEndsTheRefreshTokensAndNoOthers) {
    ASSERT_TRUE(add(an_account("alice")).has_value());
    auto login = a_token("login", "alice");
    login.refresh = true;
    ASSERT_TRUE(add_token(login).has_value());
    ASSERT_TRUE(add_token(a_token("token", "alice")).has_value());
    ASSERT_TRUE(run(accounts().change("alice", {.admin = true}, ann, at(2))).has_value());
    EXPECT_THAT(token_ids("alice", true), ElementsAre("login", "token"));
    ASSERT_TRUE(run(accounts().change("alice", {.password_hash = "$2b$other"}, ann, at(3))).has_value());
    EXPECT_THAT(token_ids("alice", true), ElementsAre("token"));
}

TEST_P(AccountsContract, TheYoungestKeyIsFirstAndOldOnesGo) {
    ASSERT_TRUE(run(accounts().add_key({"one", "pem 1", at(1)}, at(0), ann)).has_value());
    ASSERT_TRUE(run(accounts().add_key({"two", "pem 2", at(2)}, at(0), ann)).has_value());
    auto const both = run(accounts().keys()).value();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].id, "two");
    EXPECT_EQ(both[0].private_pem, "pem 2");
    EXPECT_EQ(run(accounts().add_key({"two", "x", at(3)}, at(3), ann)).error().code, Errc::conflict);
    ASSERT_TRUE(run(accounts().add_key({"three", "pem 3", at(3)}, at(2), ann)).has_value());
    auto const left = run(accounts().keys()).value();
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0].id + left[1].id, "threetwo");
}

TEST_P(AccountsContract, TheVersionGrowsWithWhatChangesWhoMayLogIn) {
    auto last = accounts().version();
    auto const grew = [&] { return std::exchange(last, accounts().version()) != last; };
    ASSERT_TRUE(add(an_account("alice")).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(accounts().change("alice", {.disabled = true}, ann, at(1))).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(add_token(a_token("1", "alice")).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(accounts().note_use({{"1", at(2)}})).has_value());
    auto login = a_token("2", "alice");
    login.refresh = true;
    ASSERT_TRUE(add_token(login).has_value());
    ASSERT_TRUE(put(a_manifest(app, "m")).has_value());
    EXPECT_FALSE(grew());
    ASSERT_TRUE(run(accounts().remove_token("2", ann, at(3))).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(accounts().add_key({"k", "pem", at(1)}, at(0), ann)).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(accounts().remove("alice", ann, at(3))).has_value());
    EXPECT_TRUE(grew());
}

TEST_P(AccountsContract, EveryChangeIsNotedWithWhoAndWhenAndWithoutSecrets) {
    auto account = an_account("ci");
    account.robot = true;
    account.groups = {"team", "ops"};
    ASSERT_TRUE(add(account).has_value());
    meta::AccountChange change{
        .password_hash = "$2b$other", .groups = std::vector<std::string>(), .admin = true};
    ASSERT_TRUE(run(accounts().change("ci", change, bob, at(2))).has_value());
    auto token = a_token("00ff", "ci", 3);
    token.scopes = {"repository:x:pull"};
    ASSERT_TRUE(add_token(token).has_value());
    ASSERT_TRUE(run(accounts().remove_token("00ff", ann, at(4))).has_value());
    ASSERT_TRUE(run(accounts().add_key({"kid", "pem", at(5)}, at(0), ann)).has_value());
    ASSERT_TRUE(run(accounts().remove("ci", ann, at(6))).has_value());
    EXPECT_THAT(noted(), ElementsAre("account.add|ci|robot, password, groups team ops",
                                     "account.change|ci|new password, no groups, admin",
                                     "token.add|00ff|of ci, only repository:x:pull",
                                     "token.remove|00ff|of ci", "key.add|kid|", "account.remove|ci|"));
    auto const entries = run(store->journal().entries({.action = "account.change"})).value();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].at, at(2));
    EXPECT_EQ(entries[0].by.name + entries[0].by.kind + entries[0].by.address, "bobrobot192.0.2.2");
    EXPECT_FALSE(entries[0].refused);
}
