#include "contract/meta_credentials_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class AccountsContract : public CredentialsContract {};

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

TEST_P(AccountsContract, TheVersionGrowsWithWhatChangesWhoMayLogIn) {
    auto last = accounts().version();
    auto const grew = [&] { return std::exchange(last, accounts().version()) != last; };
    ASSERT_TRUE(add(an_account("alice")).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(accounts().change("alice", {.disabled = true}, ann, at(1))).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(add_token(a_token("1", "alice")).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(tokens().note_use({{"1", at(2)}})).has_value());
    auto login = a_token("2", "alice");
    login.refresh = true;
    ASSERT_TRUE(add_token(login).has_value());
    ASSERT_TRUE(put(a_manifest(app, "m")).has_value());
    EXPECT_FALSE(grew());
    ASSERT_TRUE(run(tokens().remove("2", ann, at(3))).has_value());
    EXPECT_TRUE(grew());
    ASSERT_TRUE(run(keys().add({"k", "pem", at(1)}, at(0), ann)).has_value());
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
    ASSERT_TRUE(run(tokens().remove("00ff", ann, at(4))).has_value());
    ASSERT_TRUE(run(keys().add({"kid", "pem", at(5)}, at(0), ann)).has_value());
    ASSERT_TRUE(run(accounts().remove("ci", ann, at(6))).has_value());
    EXPECT_THAT(noted(), ElementsAre("account.add|ci|robot, password, groups team ops",
                                     "account.change|ci|new password, no groups, admin",
                                     "token.add|00ff|of ci, only repository:x:pull",
                                     "token.remove|00ff|of ci", "key.add|kid|", "account.remove|ci|"));
    auto const entries = run(store->journal().entries({.action = "account.change"})).value().items;
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].at, at(2));
    EXPECT_EQ(entries[0].by.name + entries[0].by.kind + entries[0].by.address, "bobrobot192.0.2.2");
    EXPECT_FALSE(entries[0].refused);
}
