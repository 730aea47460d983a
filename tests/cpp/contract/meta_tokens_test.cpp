#include "contract/meta_credentials_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class TokensContract : public CredentialsContract {};

}  // namespace

OCILOT_META_KINDS(TokensContract);

TEST_P(TokensContract, ATokenIsKeptAsItWasGiven) {
    ASSERT_TRUE(add(an_account("ci")).has_value());
    auto token = a_token("00ff", "ci");
    token.note = "the runner in the cellar";
    token.scopes = {"repository:team/**:pull,push", "repository:x:pull"};
    ASSERT_TRUE(add_token(token).has_value());
    auto const fresh = run(tokens().token("00ff")).value();
    EXPECT_EQ(fresh.account, "ci");
    EXPECT_EQ(fresh.secret_hash, token.secret_hash);
    EXPECT_EQ(fresh.note, token.note);
    EXPECT_EQ(fresh.scopes, token.scopes);
    EXPECT_FALSE(fresh.refresh);
    EXPECT_EQ(fresh.created_at, at(1));
    EXPECT_EQ(fresh.expires_at, std::nullopt);
    EXPECT_EQ(fresh.last_used_at, std::nullopt);
    EXPECT_EQ(add_token(token).error().code, Errc::conflict);
    ASSERT_TRUE(run(tokens().note_use({{"gone", at(5)}, {"00ff", at(6)}})).has_value());
    EXPECT_EQ(run(tokens().token("00ff")).value().last_used_at, at(6));
}

TEST_P(TokensContract, TokensAreListedOldestFirstAndRefreshTokensOnlyIfAskedFor) {
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
    EXPECT_EQ(run(tokens().token("2")).value().expires_at, at(100));
    ASSERT_TRUE(run(tokens().remove("3", ann, at(5))).has_value());
    EXPECT_THAT(token_ids("a"), ElementsAre("9"));
}

TEST_P(TokensContract, RefreshTokensNeedNoAccountAndExpiredOnesMakeRoom) {
    auto refresh = [&](std::string id, int created, int expires) {
        auto token = a_token(std::move(id), "of htpasswd", created);
        token.refresh = true;
        token.expires_at = at(expires);
        return add_token(token);
    };
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(refresh(std::to_string(i), i, 10 + i).has_value());
    ASSERT_TRUE(refresh("young", 12, 99).has_value());
    EXPECT_THAT(token_ids("", true), ElementsAre("2", "young"));
    ASSERT_TRUE(run(tokens().remove("2", ann, at(13))).has_value());
    auto const entries = noted();
    ASSERT_EQ(entries.size(), 5U) << "a refresh token is as good as a password for a month";
    EXPECT_EQ(entries[3], "token.add|young|refresh, of of htpasswd");
    EXPECT_EQ(entries[4], "token.remove|2|refresh, of of htpasswd");
}

TEST_P(TokensContract, TokensComeInPagesEvenIfTheLastOneIsGone) {
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
            auto const page = run(tokens().tokens(query)).value();
            ASSERT_LE(page.items.size(), 2U);
            for (auto const& token : page.items) seen.push_back(token.id);
            more = page.more;
            query.after = {page.items.back().created_at, page.items.back().id};
            if (account.empty()) (void)run(tokens().remove("9", ann, at(9)));
        }
        EXPECT_EQ(seen, account.empty() ? (std::vector<std::string>{"8", "9", "6", "7", "4", "5"})
                                        : (std::vector<std::string>{"8", "6", "7", "4", "5"}));
    }
    EXPECT_TRUE(run(tokens().tokens({.account = "ci", .limit = 0})).value().items.empty());
}

TEST_P(TokensContract, LoginsWithoutEndKeepAsManyRefreshTokensAsThereMayBe) {
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
    EXPECT_EQ(left.size(), meta::max_refresh_tokens + 1) << "and the secret, which is no login's";
    EXPECT_EQ(run(tokens().token("109")).error().code, Errc::not_found);
    EXPECT_TRUE(run(tokens().token("110")).has_value());
    EXPECT_EQ(accounts().version(), version) << "nobody else has to log in again";
}

TEST_P(TokensContract, WhatIsUnknownIsNotFoundAndNotNoted) {
    EXPECT_EQ(run(tokens().token("x")).error().code, Errc::not_found);
    EXPECT_EQ(run(tokens().remove("x", ann, at(1))).error().code, Errc::not_found);
    EXPECT_EQ(add_token(a_token("1", "x")).error().code, Errc::not_found);
    EXPECT_TRUE(run(tokens().note_use({{"x", at(1)}})).has_value()) << "tokens that are gone are passed over";
    EXPECT_THAT(noted(), IsEmpty());
}
