#include "app_fixture.h"
#include "auth/logins.h"
#include "auth/secrets.h"
#include "jose/base64url.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr std::string_view accounts = "/api/v1/accounts";
constexpr std::string_view tokens = "/api/v1/tokens";

/// A registry with accounts, of which `root` is an administrator and `alice` is none.
class Admin : public test::AppTest {
  protected:
    void SetUp() override {
        logins.emplace(auth::LoginParts{.gate = open_gate,
                                        .pool = pool,
                                        .clock = clock,
                                        .random = random,
                                        .log = log,
                                        .metrics = metrics,
                                        .accounts = &meta->accounts(),
                                        .tokens = &meta->tokens()});
        rebuild();
        guard.emplace(auth::GuardParts{
            .gate = open_gate, .clock = clock, .log = log, .metrics = metrics, .logins = &*logins});
        app.emplace(AppParts{.routes = routes,
                             .registry = *parts,
                             .guard = *guard,
                             .operations = *operations,
                             .account_manager = &account_manager},
                    settings);
        root = add({.name = "root", .admin = true});
        alice = add({.name = "alice"});
    }

    /// An Authorization header for an account with a secret: no password is worth its time here.
    std::string add(meta::AccountFact account) {
        auto const name = account.name;
        account.created_at = clock.now();
        EXPECT_TRUE(ocilot::test::run(meta->accounts().add(std::move(account), {})).has_value());
        auto const made = ocilot::test::run(account_manager.create_token({.account = name}, {})).value();
        return "Basic " + jose::to_base64(name + ":" + made.secret);
    }

    Answer as(std::string const& who, Method method, std::string const& target, std::string_view json = {}) {
        test::Headers headers{{"Authorization", who}};
        if (!json.empty()) headers.emplace_back("Content-Type", "application/json; charset=utf-8");
        return ask(method, target, std::move(headers), json);
    }
    Answer ask_root(Method method, std::string const& target, std::string_view json = {}) {
        return as(root, method, target, json);
    }
    Answer post(std::string_view target, std::string_view json) {
        return ask_root(Method::post, std::string(target), json);
    }
    Json list(std::string const& target, std::string const& member) {
        auto const answer = ask_root(Method::get, target);
        EXPECT_EQ(answer.status(), 200U) << answer.text;
        return Json::parse(answer.text).at(member);
    }
    /// Where the next page is; empty at the end.
    static std::string next_of(Answer const& answer) {
        auto const link = answer["Link"];
        return link.empty() ? link : link.substr(1, link.find('>') - 1);
    }

    std::optional<auth::Logins> logins;
    std::string root;
    std::string alice;
};

TEST_F(Admin, IsForAdministratorsOnly) {
    std::pair<Method, std::string> const requests[] = {
        {Method::get, "/api/v1/accounts"},      {Method::post, "/api/v1/accounts"},
        {Method::get, "/api/v1/accounts/root"}, {Method::patch, "/api/v1/accounts/alice"},
        {Method::del, "/api/v1/accounts/root"}, {Method::get, "/api/v1/tokens"},
        {Method::post, "/api/v1/tokens"},       {Method::del, "/api/v1/tokens/0000000000000000"},
        {Method::get, "/api/v1/audit"},
    };
    for (auto const& [method, target] : requests) {
        constexpr std::string_view json = R"({"name":"mallory","admin":true})";
        auto const body = method == Method::post || method == Method::patch ? json : std::string_view();
        EXPECT_EQ(as(alice, method, target, body).status(), 403U) << target;
        EXPECT_EQ(ask(method, target, {{"Content-Type", "application/json"}}, body).status(), 401U) << target;
    }
    EXPECT_EQ(list("/api/v1/accounts", "accounts").size(), 2U);
    EXPECT_EQ(ask_root(Method::get, "/api/v1/accounts/alice").status(), 200U);
}

TEST_F(Admin, IsForNobodyWhereNobodyIsKnown) {
    rebuild();
    for (auto const* target :
         {"/api/v1/accounts", "/api/v1/accounts/root", "/api/v1/tokens", "/api/v1/audit"}) {
        EXPECT_EQ(get(target).status(), 403U) << target;
        EXPECT_EQ(ask_root(Method::get, target).status(), 403U) << target;
    }
    EXPECT_EQ(post(accounts, R"({"name":"mallory"})").status(), 403U);
}

TEST_F(Admin, AddsAnAccountAndShowsNothingOfItsPassword) {
    auto const made = post(accounts, R"({"name":"ci.bot+1@x","kind":"robot","password":"correct horse",)"
                                     R"("groups":["team","with space"],"disabled":true})");
    EXPECT_EQ(made.status(), 201U) << made.text;
    EXPECT_EQ(made["Location"], "/api/v1/accounts/ci.bot+1@x");
    EXPECT_EQ(made["Cache-Control"], "no-store");
    EXPECT_EQ(made.text,
              R"({"name":"ci.bot+1@x","kind":"robot","groups":["team","with space"],"admin":false,)"
              R"("disabled":true,"has_password":true,"created_at":"2023-11-14T22:13:20.000000Z",)"
              R"("configured_groups":[]})");
    auto const shown = ask_root(Method::get, made["Location"]);
    EXPECT_EQ(shown.text, made.text);
    auto const stored = ocilot::test::run(meta->accounts().account("ci.bot+1@x")).value();
    EXPECT_TRUE(stored.password_hash.starts_with("$y$"));
    EXPECT_EQ(post(accounts, R"({"name":"ci.bot+1@x"})").status(), 409U);
    auto const audit = ask_root(Method::get, "/api/v1/audit");
    EXPECT_THAT(audit.text, Not(HasSubstr("$y$")));
    EXPECT_THAT(audit.text, Not(HasSubstr("horse")));
    EXPECT_EQ(ask_root(Method::get, "/api/v1/accounts/nobody").status(), 404U);
}

TEST_F(Admin, AnAccountLogsInWithItsNewPasswordAndNotWithTheOld) {
    ASSERT_EQ(post(accounts, R"({"name":"bob","password":"first"})").status(), 201U);
    auto const with = [&](std::string const& password) {
        return as("Basic " + jose::to_base64("bob:" + password), Method::get, "/v2/").status();
    };
    EXPECT_EQ(with("first"), 200U);
    ASSERT_EQ(ask_root(Method::patch, "/api/v1/accounts/bob", R"({"password":"second"})").status(), 200U);
    EXPECT_EQ(with("first"), 401U);
    EXPECT_EQ(with("second"), 200U);
    auto const none = ask_root(Method::patch, "/api/v1/accounts/bob", R"({"password":null})");
    EXPECT_TRUE(none.says(R"("has_password":false)"));
    EXPECT_EQ(with("second"), 401U);
}

TEST_F(Admin, ChangesOnlyWhatIsGiven) {
    ASSERT_EQ(post(accounts, R"({"name":"bob","groups":["a"],"admin":true})").status(), 201U);
    auto const changed = ask_root(Method::patch, "/api/v1/accounts/bob", R"({"disabled":true})");
    EXPECT_EQ(changed.status(), 200U);
    EXPECT_TRUE(changed.says(R"("groups":["a"],"admin":true,"disabled":true,"has_password":false)"))
        << changed.text;
    EXPECT_EQ(ask_root(Method::patch, "/api/v1/accounts/none", R"({"disabled":true})").status(), 404U);
    EXPECT_EQ(ask_root(Method::patch, "/api/v1/accounts/none", R"({"password":"x"})").status(), 404U);
}

TEST_F(Admin, RemovesAnAccountWithItsTokens) {
    EXPECT_EQ(as(alice, Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(ask_root(Method::del, "/api/v1/accounts/alice").status(), 204U);
    EXPECT_EQ(ask_root(Method::del, "/api/v1/accounts/alice").status(), 404U);
    EXPECT_EQ(as(alice, Method::get, "/v2/").status(), 401U);
    EXPECT_EQ(list("/api/v1/tokens?account=alice", "tokens").size(), 0U);
}

TEST_F(Admin, ListsComeInPages) {
    for (auto const* name : {"b", "c", "d"}) add({.name = name});
    for (auto const& [path, member, key] :
         {std::tuple{accounts, "accounts", "name"}, std::tuple{tokens, "tokens", "id"}}) {
        std::vector<std::string> seen;
        for (std::string target = std::string(path) + "?n=2"; !target.empty();) {
            auto const answer = ask_root(Method::get, target);
            auto const page = Json::parse(answer.text).at(member);
            EXPECT_LE(page.size(), 2U);
            for (auto const& item : page) seen.push_back(item.at(key));
            target = next_of(answer);
        }
        EXPECT_EQ(seen.size(), 5U) << path;
        EXPECT_TRUE(std::ranges::is_sorted(seen)) << path;
        EXPECT_EQ(list(std::string(path) + "?n=0", member).size(), 0U);
        EXPECT_EQ(ask_root(Method::get, std::string(path) + "?n=x").status(), 400U);
    }
}

TEST_F(Admin, RefusesWhatItDoesNotUnderstand) {
    std::pair<std::string_view, std::string_view> const bad[] = {
        {R"({"name":"x","is_admin":true})", "is_admin"},  // CVE-2019-16097: no member is passed over.
        {R"({"name":"x","has_password":true})", "has_password"},
        {R"({"name":"x","password_hash":"$y$"})", "password_hash"},
        {R"({"name":"x","created_at":"2020-01-01T00:00:00Z"})", "created_at"},
        {R"({"name":"x","name":"y"})", "duplicate field"},
        {R"({})", "missing field name"},
        {R"(["x"])", "expected a JSON object"},
        {R"({"name":"x"} {})", "invalid JSON"},
        {R"({"name":5})", "invalid field name: expected a string"},
        {R"({"name":"x","admin":"true"})", "invalid field admin: expected true or false"},
        {R"({"name":"x","admin":1})", "invalid field admin: expected true or false"},
        {R"({"name":"x","admin":null})", "invalid field admin: expected true or false"},
        {R"({"name":"x","groups":"team"})", "invalid field groups: expected a list of strings"},
        {R"({"name":"x","groups":[1]})", "invalid field groups: expected a list of strings"},
        {R"({"name":"x","groups":["a","a"]})", "duplicate group"},
        {R"({"name":"x","groups":["a,b"]})", "invalid group"},
        {R"({"name":"x","groups":[""]})", "invalid group"},
        {R"({"name":"x","kind":"admin"})", "unknown kind of account"},
        {R"({"name":"x","password":""})", "invalid field password"},
        {R"({"name":""})", "invalid account name"},
        {R"({"name":"a:b"})", "invalid account name"},
        {R"({"name":"a/b"})", "invalid account name"},
        {R"({"name":"a b"})", "invalid account name"},
        {R"({"name":"ü"})", "invalid account name"},
        {R"({"name":"a\u0000"})", "invalid account name"},
    };
    for (auto const& [json, why] : bad) {
        auto const answer = post(accounts, json);
        EXPECT_EQ(answer.status(), 400U) << json;
        EXPECT_TRUE(answer.says(why)) << answer.text;
    }
    auto const long_name = fmt::format(R"({{"name":"{}"}})", std::string(129, 'x'));
    EXPECT_EQ(post(accounts, long_name).status(), 400U);
    EXPECT_EQ(
        post(accounts, fmt::format(R"({{"name":"x","password":"{}"}})", std::string(600, 'p'))).status(),
        400U);
    EXPECT_EQ(ask_root(Method::patch, "/api/v1/accounts/alice", R"({"name":"root"})").status(), 400U);
    EXPECT_EQ(ask_root(Method::patch, "/api/v1/accounts/alice", R"({"kind":"robot"})").status(), 400U);
    EXPECT_EQ(list("/api/v1/accounts", "accounts").size(), 2U);
}

TEST_F(Admin, TakesNoBodyThatAPageElsewhereCanSend) {
    constexpr std::string_view json = R"({"name":"mallory","admin":true})";
    for (auto const* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""}) {
        auto const answer =
            ask(Method::post, std::string(accounts), {{"Authorization", root}, {"Content-Type", type}}, json);
        EXPECT_EQ(answer.status(), 403U) << type;
    }
    EXPECT_EQ(ask(Method::post, std::string(accounts), {{"Authorization", root}}, json).status(), 403U);
}

TEST_F(Admin, ReadsNoMoreThanABodyMayBe) {
    auto const large = fmt::format(R"({{"name":"{}"}})", std::string(64 * 1024, 'x'));
    EXPECT_EQ(post(accounts, large).status(), 413U);
    EXPECT_EQ(reads, 0);
    chunked = true;
    EXPECT_EQ(post(accounts, large).status(), 413U);
    EXPECT_EQ(post(accounts, std::string(10'000, '[')).status(), 400U);
}

TEST_F(Admin, ShowsASecretOnceAndKeepsItsHash) {
    auto const made =
        post(tokens, R"({"account":"alice","note":"laptop","scopes":["repository:team/**:pull"],)"
                     R"("expires_in":3600})");
    EXPECT_EQ(made.status(), 201U) << made.text;
    EXPECT_EQ(made["Cache-Control"], "no-store");
    auto const token = Json::parse(made.text);
    auto const secret = token.at("secret").get<std::string>();
    auto const id = token.at("id").get<std::string>();
    EXPECT_EQ(auth::secret_id(secret), id);
    EXPECT_EQ(made["Location"], "/api/v1/tokens/" + id);
    EXPECT_EQ(token.at("expires_at"), "2023-11-14T23:13:20.000000Z");
    EXPECT_EQ(token.at("last_used_at"), nullptr);
    EXPECT_EQ(ocilot::test::run(meta->tokens().token(id)).value().secret_hash, auth::sha256_hex(secret));
    for (auto const* target : {"/api/v1/tokens", "/api/v1/tokens?account=alice", "/api/v1/audit"}) {
        auto const shown = ask_root(Method::get, target);
        EXPECT_TRUE(shown.says(id)) << target;
        EXPECT_FALSE(shown.says(secret)) << target;
        EXPECT_FALSE(shown.says(auth::sha256_hex(secret))) << target;
    }
    auto const login = "Basic " + jose::to_base64("alice:" + secret);
    EXPECT_EQ(as(login, Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(ask_root(Method::del, "/api/v1/tokens/" + id).status(), 204U);
    EXPECT_EQ(ask_root(Method::del, "/api/v1/tokens/" + id).status(), 404U);
    EXPECT_EQ(as(login, Method::get, "/v2/").status(), 401U);
}

TEST_F(Admin, ASecretWithScopesAdministratesNothing) {
    auto const made = post(tokens, R"({"account":"root","scopes":["repository:**:*"]})");
    ASSERT_EQ(made.status(), 201U) << made.text;
    auto const login =
        "Basic " + jose::to_base64("root:" + Json::parse(made.text).at("secret").get<std::string>());
    EXPECT_EQ(as(login, Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(as(login, Method::get, "/api/v1/accounts").status(), 403U);
    EXPECT_EQ(as(login, Method::post, "/api/v1/tokens", R"({"account":"root"})").status(), 403U);
}

TEST_F(Admin, RefusesTokensThatCannotBe) {
    EXPECT_EQ(post(tokens, R"({"account":"nobody"})").status(), 404U);
    for (std::string_view const json : {
             R"({"note":"of nobody"})",
             R"({"account":"alice","secret":"mine"})",
             R"({"account":"alice","id":"0000000000000000"})",
             R"({"account":"alice","refresh":true})",
             R"({"account":"alice","expires_in":0})",
             R"({"account":"alice","expires_in":-1})",
             R"({"account":"alice","expires_in":1.5})",
             R"({"account":"alice","expires_in":"1h"})",
             R"({"account":"alice","expires_in":99999999999})",
             R"({"account":"alice","expires_in":99999999999999999999999})",
             R"({"account":"alice","scopes":["repository:team:fly"]})",
             R"({"account":"alice","scopes":["anything"]})",
             R"({"account":"alice","scopes":"repository:team/**:pull"})",
             R"({"account":"alice","note":"two\nlines"})",
         }) {
        EXPECT_EQ(post(tokens, json).status(), 400U) << json;
    }
    auto const long_note = fmt::format(R"({{"account":"alice","note":"{}"}})", std::string(257, 'n'));
    EXPECT_EQ(post(tokens, long_note).status(), 400U);
    EXPECT_EQ(list("/api/v1/tokens?account=alice", "tokens").size(), 1U);
}

TEST_F(Admin, TokensOfLoginsAreListedOnlyIfAskedFor) {
    meta::TokenFact login{
        .id = "ffff", .account = "alice", .secret_hash = "h", .scopes = {}, .refresh = true};
    login.created_at = clock.now();
    ASSERT_TRUE(ocilot::test::run(meta->tokens().add(login, {})).has_value());
    EXPECT_EQ(list("/api/v1/tokens?account=alice", "tokens").size(), 1U);
    EXPECT_EQ(list("/api/v1/tokens?account=alice&refresh=true", "tokens").size(), 2U);
    EXPECT_EQ(ask_root(Method::get, "/api/v1/tokens?refresh=maybe").status(), 400U);
}

TEST_F(Admin, TheAuditTellsWhoChangedWhat) {
    ASSERT_EQ(post(accounts, R"({"name":"bob"})").status(), 201U);
    auto const entry = list("/api/v1/audit?n=1", "entries").at(0);
    EXPECT_EQ(entry.at("action"), "account.add");
    EXPECT_EQ(entry.at("subject"), "bob");
    auto const token = list("/api/v1/tokens?account=root", "tokens").at(0).at("id");
    EXPECT_EQ(entry.at("by"),
              (Json{{"name", "root"}, {"kind", "user"}, {"address", "192.0.2.1"}, {"token_id", token}}));
    EXPECT_EQ(entry.at("at"), "2023-11-14T22:13:20.000000Z");
    EXPECT_EQ(entry.at("refused"), false);
    EXPECT_EQ(entry.at("times"), 1);
}

TEST_F(Admin, TheAuditIsNarrowedAndPaged) {
    meta::Change const change{.at = clock.now() - std::chrono::hours(24),
                              .kind = meta::ChangeKind::access,
                              .refused = true,
                              .by = {"mal\xff", "user", "192.0.2.9"},
                              .repository = "team/app",
                              .name = "push"};
    std::vector const five(5, change);
    ASSERT_TRUE(ocilot::test::run(meta->journal().append(five)).has_value());
    auto const count = [&](std::string const& query) {
        return list("/api/v1/audit?" + query, "entries").size();
    };
    EXPECT_EQ(count("refused=true"), 5U);
    EXPECT_EQ(count("refused=false&action=account."), 2U);
    EXPECT_EQ(count("repository=team/app&action=access"), 5U);
    EXPECT_EQ(count("until=2023-11-14"), 5U) << "the day begins at midnight";
    EXPECT_EQ(count("since=2023-11-14T23:13:20%2B01:00"), 4U);
    EXPECT_EQ(count("since=2023-11-14T22:13:20Z&by=nobody"), 0U);
    EXPECT_EQ(count("n=0"), 0U);
    std::set<std::int64_t> ids;
    for (std::string target = "/api/v1/audit?n=2&refused=true&since=2023-11-01"; !target.empty();) {
        auto const answer = ask_root(Method::get, target);
        auto const page = Json::parse(answer.text);
        for (auto const& one : page.at("entries")) {
            EXPECT_EQ(one.at("by").at("name"), "mal\xef\xbf\xbd");
            ids.insert(one.at("id").get<std::int64_t>());
        }
        target = next_of(answer);
    }
    EXPECT_EQ(ids.size(), 5U);
    for (auto const* bad : {"since=yesterday", "until=2023-13-01", "before=x", "before=0", "refused=1",
                            "n=-1", "action=tag.mov", "action=tag", "action=.", "action=unknown"}) {
        EXPECT_EQ(ask_root(Method::get, std::string("/api/v1/audit?") + bad).status(), 400U) << bad;
    }
}

TEST_F(Admin, NoSecretIsInTheLog) {
    ASSERT_EQ(post(accounts, R"({"name":"bob","password":"hunter2hunter2"})").status(), 201U);
    auto const made = post(tokens, R"({"account":"bob"})");
    auto const secret = Json::parse(made.text).at("secret").get<std::string>();
    EXPECT_EQ(as("Basic " + jose::to_base64("bob:hunter3hunter3"), Method::get, "/v2/").status(), 401U);
    EXPECT_THAT(sink.text(), Not(HasSubstr("hunter")));
    EXPECT_THAT(sink.text(), Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace ocilot::http
